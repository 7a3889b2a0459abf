# Trapeze for students on other systems than Debian 12: its compiler, libraries and tests' tools.
# The sources stay on your side:
#   docker build -t trapeze .
#   docker run --rm -it -v "$PWD:/trapeze" trapeze make demo
#   docker run --rm -it -v "$PWD:/trapeze" trapeze make check
# Grading others' work wants bubblewrap, which wants --security-opt seccomp=unconfined
# --security-opt apparmor=unconfined here; without, the next rung is used, and said.
FROM debian:12
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make sudo
WORKDIR /packages
COPY Makefile Makefile
COPY tools/build/deps.sh tools/build/deps.sh
RUN make deps
RUN useradd --create-home --shell /bin/bash student && echo 'student ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/student
USER student
WORKDIR /trapeze
CMD ["bash"]
