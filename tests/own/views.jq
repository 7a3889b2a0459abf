# What the views of a report should say: a line for each thing, "KEY", a tab, the thing.
def yes: if . then "yes" else "-" end;
def verdict: if .holds == false then "FAILS" elif .holds then "holds" else "open" end;
def explained($third):
  [if .control then "control" else empty end, if .location then "location" else empty end,
   if .mode then "mode" else empty end, if .resource then "resource" else empty end] as $kinds |
  if .errant then "errant. It traps in every mode, and is neither sensitive nor privileged."
  elif .innocuous then "innocuous" + (if .privileged then ", and privileged all the same." else "." end)
  else "sensitive (" + ($kinds | join(", ")) + ") and " +
    (if .privileged then "privileged."
     elif .instruction | IN($third[]) then "not privileged. It stands in the way of Theorems 1 and 3."
     else "not privileged. It stands in the way of Theorem 1, not of Theorem 3." end)
  end;
.theorems as $theorems |
(.instructions[] |
  ["row", ([if (.instruction | IN($theorems[0].offenders[])) then "*" else "-" end, .instruction, .outside] +
    ([.privileged, .control, .location, .mode, .resource, .user_sensitive] | map(yes)) | join(" "))],
  ["insn", .instruction],
  (if .errant then ["errant", .instruction] else ["other", .instruction] end),
  (if .sensitive then ["sensitive", .instruction] else empty end),
  ["explain \(.instruction)", explained($theorems[2].offenders)],
  (if .sensitive != (.control or .location or .mode or .resource) or
      .innocuous != ((.sensitive or .errant) | not) or (.user_sensitive and (.sensitive | not)) or
      ((.location or .mode) and (.resource | not)) or .privileged == .answers.unprivileged.yes
   then ["contradiction", .instruction] else empty end),
  # Of a witness the report tells all: two states that differ, with results that do; or something
  # that was changed.
  (.instruction as $i | .answers | to_entries[] | select(.value.witness) | .key as $q | .value.witness |
   select(if length == 2
          then .[0].state == .[1].state or ($q != "unprivileged" and .[0].result == .[1].result)
          else .[0] | .result.trap or (.result.control == .state.control and (.result.processor // "running") == "running" and
            ([.result.device, .result.tlb, .result.key_set, .result.stored_outside] | any | not)) end) |
   ["untold", "\($i) \($q)"])),
($theorems[] | ["Theorem \(.theorem)", ([verdict] + .offenders | join(" "))], ["offenders \(.theorem)", (.offenders | join(" "))]),
($theorems[0].offenders[] | ["star", .]),
# They follow from the verdicts, in the order of the definition.
["follows 1", ([.instructions[] | select(.sensitive and (.privileged | not)) | .instruction] | join(" "))],
["follows 3", ([.instructions[] | select(.user_sensitive and (.privileged | not)) | .instruction] | join(" "))]
| join("\t")
