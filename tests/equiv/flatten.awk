# Flattens JSON as trapeze prints it (two spaces an indent, one member a line) to
# lines "path = value": a.b = 1, a.list[0].name = text.
function path(d,   i, p) {
  p = ""
  for (i = 1; i <= d; i++)
    p = p (is_list[i - 1] ? "[" key[i] "]" : (i > 1 ? "." : "") key[i])
  return p
}
{
  line = $0
  match(line, /^ */)
  depth = RLENGTH / 2
  line = substr(line, RLENGTH + 1)
  sub(/,$/, "", line)
  if (depth == 0 || line ~ /^[]}]/)
    next
  if (is_list[depth - 1])
    key[depth] = count[depth - 1]++
  else {
    match(line, /^"[^"]*": /)
    key[depth] = substr(line, 2, RLENGTH - 4)
    line = substr(line, RLENGTH + 1)
  }
  is_list[depth] = line ~ /^\[/
  count[depth] = 0
  if (line ~ /^[[{]$/)
    next
  gsub(/^"|"$/, "", line)
  print path(depth) " = " line
}
