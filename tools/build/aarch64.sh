#!/bin/bash
# aarch64.sh BUILD: builds for aarch64 with Debian's cross-compiler into BUILD-aarch64, from what the
# native BUILD has generated, and makes BUILD-aarch64/qemu/trapeze, which runs it under qemu-user. The
# libraries of that architecture come from Debian's archive into a folder of their own:
# the system's packages, and its list of architectures, stay as they are.
set -eu
native=$1 out=$1-aarch64
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
sys=$(realpath -m "$out/sysroot")
cross=/usr/aarch64-linux-gnu
packages="libelf-dev libelf1 libjansson-dev libjansson4 libz3-dev libz3-4 libreadline-dev libreadline8
  libseccomp-dev libseccomp2 libcmocka-dev libcmocka0 libtinfo6 zlib1g libzstd1"

fetch() {
  local apt=$sys/apt
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
  : >"$apt/state/status"
  local options=(-qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o "Dir::State=$apt/state"
    -o "Dir::Cache=$apt/cache" -o "Dir::State::status=$apt/state/status" -o APT::Sandbox::User=)
  apt-get "${options[@]}" update
  # shellcheck disable=SC2086
  (cd "$apt/debs" && apt-get "${options[@]}" download $packages)
  for deb in "$apt"/debs/*.deb; do dpkg -x "$deb" "$sys"; done
  # Links that mean the root of that system.
  find "$sys" -type l -lname '/*' | while read -r link; do
    ln -sf "$sys$(readlink "$link")" "$link"
  done
  rm -rf "$apt"
  touch "$sys/complete"
}
[ -f "$sys/complete" ] || fetch

# What runs while building runs here: it is the native build's.
mkdir -p "$out"
cp -a "$native/gen" "$native/isagen" "$native/embed" "$native/assemble" "$out/"
libraries=$sys/usr/lib/aarch64-linux-gnu
options="-isystem $sys/usr/include -isystem $sys/usr/include/aarch64-linux-gnu"
options="$options -L$libraries -L$sys/lib/aarch64-linux-gnu -Wl,-rpath-link,$libraries:$sys/lib/aarch64-linux-gnu"
make -j"${JOBS:-2}" BUILD="$out" CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar SAN="$options" \
  -o "$out/isagen" -o "$out/embed" -o "$out/assemble" "$out/trapeze" unit

mkdir -p "$out/qemu"
cat >"$out/qemu/run" <<END
#!/bin/sh
exec qemu-aarch64 -L $cross -E LD_LIBRARY_PATH=$libraries:$sys/lib/aarch64-linux-gnu "\$@"
END
printf '#!/bin/sh\nexec %s/qemu/run %s/trapeze "$@"\n' "$(realpath "$out")" "$(realpath "$out")" >"$out/qemu/trapeze"
chmod 755 "$out/qemu/run" "$out/qemu/trapeze"
