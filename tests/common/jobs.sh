# For suites that send signals and type keys: they wait for what a program does, never
# for time to pass. Sourced. The limits only end the test of a program that hangs.

# soon COMMAND…: waits until it succeeds; 1 if it does not within ten minutes, on a host that
# has much else to do.
soon() {
  local end=$((SECONDS + 600))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.02
  done
}

# job PROGRAM ARGUMENT…: in the background, its process in $job; returns when it is that
# program and no more this shell. It meets signals as when a person starts it: of a
# script's background commands two are ignored otherwise.
job() {
  (trap - EXIT && ulimit -c 0 -t 900 && exec env --default-signal=INT,QUIT,PIPE "$@") <&0 &
  job=$!
  soon job_ended_or test "/proc/$job/exe" -ef "$1"
}
job_ended() { ! kill -0 "$job"; }
job_ended_or() { job_ended || "$@"; }

# Waits for the job's end; its exit status.
job_status() {
  { # and the shell's word of how it died
    soon job_ended || kill -KILL "$job"
    wait "$job"
  } 2>/dev/null
}

# The signal, as soon as COMMAND… succeeds; then as job_status.
job_signal() { # SIGNAL COMMAND…
  local signal=$1
  shift
  soon job_ended_or "$@" || echo "# not seen: $*"
  kill -s "$signal" "$job" 2>/dev/null
  job_status
}

# Conditions to wait for.
has_bytes() { # FILE COUNT
  [ "$(stat -c %s -- "$1")" -ge "$2" ]
}
job_reads() { # FILE: the job has it open
  local fd
  for fd in /proc/"$job"/fd/*; do
    [ "$fd" -ef "$1" ] && return
  done
  return 1
}
# It ignores SIGXFSZ: the first thing that the command does.
job_began() { grep -qE '^SigIgn:\s*[0-9a-f]*[13579bdf][0-9a-f]{6}$' /proc/"$job"/status; }
