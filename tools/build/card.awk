# The one-page card of the instruction set, from the tables that isagen makes of the definition:
#   isagen --manual isa/pg32.isa | awk -v as=html -f card.awk     or as=roff, for groff -Tpdf
# Every table of the manual becomes a section, a row a line; instructions with a picture of
# their word in hex.

function clean(text) { gsub(/`/, "", text); gsub(/^ +| +$/, "", text); return text }

# "20 a:4 b:4 imm:16" is 20abiiii: a digit for four bits.
function picture(encoding,   n, part, i, field, out, bits, letter) {
  n = split(encoding, part, " ")
  out = part[1]
  for (i = 2; i <= n; i++) {
    split(part[i], field, ":")
    letter = substr(field[1], 1, 1)
    bits += field[2]
    while (length(out) - 2 < int((bits + 3) / 4)) out = out letter
  }
  return out
}

function section(title) { line[++count] = "section"; first[count] = title }
function row(a, b, c) { line[++count] = "row"; first[count] = a; second[count] = b; third[count] = c }

/^# / { title = substr($0, 3); sub(/: the tables$/, "", title) }
/^## / { heading = substr($0, 4); section(heading); next }
/^`zero` 0/ {
  text = clean($0)
  n = split(text, name, /, |\. /)
  for (i = 1; i <= n && name[i] ~ /^[a-z0-9]+ [0-9]+$/; i += 4) {
    text = name[i]
    for (k = i + 1; k < i + 4 && name[k] ~ /^[a-z0-9]+ [0-9]+$/; k++) text = text ", " name[k]
    row("", "", text)
  }
  next
}
/^\|/ && !/^\|---/ {
  n = split($0, cell, "|")
  for (i = 1; i <= n; i++) cell[i] = clean(cell[i])
  if (cell[2] ~ /^(format|instruction|bits|number|cause)$/) next
  if (heading == "Formats") next
  if (heading ~ /instructions$/) row(picture(cell[3]), cell[2], cell[4])
  else if (heading == "The processor status word") row(cell[2], cell[3], cell[6])
  else if (heading == "Control registers") row(cell[2], cell[3], cell[6])
  else row(cell[2] "  " cell[3], cell[4], cell[6])
}

function html(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); return text }

function write_html(   i) {
  print "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" html(title) "</title>\n<style>"
  print "@page { size: A4 landscape; margin: 8mm }"
  print "body { font: 6.6pt/1.18 sans-serif; columns: 3; column-gap: 5mm; margin: 0; color: #000; background: #fff }"
  print "@media screen { body { font-size: 11px; margin: 12px } }"
  print "h1 { font-size: 1.7em; margin: 0; column-span: all } h1 small { font-weight: normal; font-size: .55em }"
  print "h2 { font-size: 1.15em; margin: .5em 0 .1em; border-bottom: .5pt solid; break-after: avoid }"
  print "table { border-collapse: collapse; width: 100% } td { padding: 0 .5em 0 0; vertical-align: top }"
  print "td:first-child, td:nth-child(2) { font-family: monospace; white-space: nowrap; width: 1% }"
  print "tr:nth-child(even) { background: #eee }\n</style></head><body>"
  print "<h1>" html(title) " <small>" legend "</small></h1>"
  for (i = 1; i <= count; i++) {
    if (line[i] == "section") {
      if (!(line[i + 1] == "row")) continue
      print (open ? "</table>\n" : "") "<h2>" html(first[i]) "</h2>\n<table>"
      open = 1
    } else if (first[i] == "") print "<tr><td colspan=\"3\">" html(third[i]) "</td></tr>"
    else print "<tr><td>" html(first[i]) "</td><td>" html(second[i]) "</td><td>" html(third[i]) "</td></tr>"
  }
  print "</table>\n</body></html>"
}

# Every line is put to its place: no column, no page ends by itself.
function place(text,   x) {
  if (used >= LINES) { used = 0; column++ }
  printf ".po %.2fc\n.sp |%.2fp\n%s\n", 0.8 + column * 9.5, 44 + used * PITCH, text
  used++
}
function roff(text) { gsub(/\\/, "\\e", text); gsub(/^[.']/, "\\\\\\&&", text); gsub(/-/, "\\-", text); return text }
# A text that is too long for its column goes on in another line.
function long_row(a, b, c,   at) {
  if (length(c) > WIDTH) {
    for (at = WIDTH; at > 1 && substr(c, at, 1) != " ";) at--
    place(start(a, b) roff(substr(c, 1, at - 1)))
    place("\t\t" roff(substr(c, at + 1)))
  } else place(start(a, b) roff(c))
}
function start(a, b) { return "\\f[C]\\s6" roff(a) "\\s0\\f[]\t\\f[HB]" roff(b) "\\f[]\t" }
function write_roff(   i) {
  WIDTH = 58; PITCH = 8.9; LINES = 60
  print ".pl 21c\n.ll 28c\n.nf\n.nh\n.na\n.ps 13\n.vs 13\n.po 0.8c\n.ft HB\n.sp |24p"
  print roff(title) "\\s7\\f[H]   " roff(legend) "\\f[]\\s0"
  print ".ps 6.5\n.vs 8\n.ta 1.3c 3.4c\n.ft H"
  for (i = 1; i <= count; i++) {
    if (line[i] == "section") {
      if (!(line[i + 1] == "row")) continue
      if (used > 0) used++
      if (used > LINES - 4) { used = 0; column++ }
      place("\\f[HB]\\s8" roff(first[i]) "\\s0\\f[]")
    } else if (first[i] == "") place(roff(third[i]))
    else long_row(first[i], second[i], third[i])
  }
}

END {
  legend = "32 bits, little-endian; a word is shown in hex: opcode, registers a b c, immediate i, control register n"
  if (as == "roff") write_roff(); else write_html()
}
