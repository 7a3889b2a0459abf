# C source without its comments, line for line. `strings=1`: only the contents of
# its string literals, as LINE<tab>TEXT. A string or character constant ends with
# its line, which keeps the quotes of flex patterns from running on.
function flush_string() {
  if (strings) print FNR "\t" text
  text = ""
}
FNR == 1 { in_comment = 0 }
{
  out = ""; quote = ""; text = ""
  n = length($0)
  for (i = 1; i <= n; i++) {
    c = substr($0, i, 1); two = substr($0, i, 2)
    if (in_comment) {
      if (two == "*/") { in_comment = 0; i++ }
      continue
    }
    if (quote != "") {
      out = out c
      if (c == "\\") { i++; out = out substr($0, i, 1); text = text two; continue }
      if (c == quote) { if (quote == "\"") flush_string(); quote = ""; continue }
      text = text c
      continue
    }
    if (two == "//") break
    if (two == "/*") { in_comment = 1; i++; out = out " "; continue }
    if (c == "\"" || c == "'") { quote = c; text = "" }
    out = out c
  }
  if (!strings) print out
}
