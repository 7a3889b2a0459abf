#!/bin/sh
# Installs the packages in $PACKAGES that are missing, and says what it does.
set -eu
missing=
for p in $PACKAGES; do
  if ! dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^[hi]i'; then
    missing="$missing $p"
  fi
done
[ -n "$missing" ] || exit 0
echo "deps: missing packages:$missing"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "deps: there is no apt-get here; install by hand:$missing" >&2
  exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "deps: not root and no sudo; ask for: apt-get install$missing" >&2
    exit 1
  fi
  sudo=sudo
fi
echo "deps: ${sudo:+sudo }apt-get install --no-install-recommends$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
  echo "deps: apt-get failed; the packages needed are:$missing" >&2
  exit 1
}
