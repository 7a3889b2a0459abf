echo from a file
print 2 + 2
