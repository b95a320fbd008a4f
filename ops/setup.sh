# shellcheck shell=bash
# What ./run and ./test share: each function makes sure of one thing, and does nothing when it is there already.

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# need_packages NAME...: Debian packages, without their services being started, now or at the next boot: we want their
# programs. Where we may not install them, a sentence names them.
need_packages() {
  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    sudo -n true 2>/dev/null || fail "Missing system packages. Please run: sudo apt-get install $*"
    as_root=(sudo)
  fi
  command -v apt-get >/dev/null || fail "Missing system packages, on Debian: $*. Please install them, then start again."
  say "Installing system packages: $*"
  "${as_root[@]}" bash -c "$INSTALL" install "$@" || fail "These system packages could not be installed: $*"
}

# shellcheck disable=SC2016  # for the shell that runs as root
INSTALL='
policy=/usr/sbin/policy-rc.d # Debian asks it before it starts a service
if [[ ! -e $policy ]]; then
  trap "rm -f $policy" EXIT
  printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod +x "$policy"
fi
new=()
for name; do
  [[ $(dpkg-query -W -f "\${db:Status-Status}" "$name" 2>/dev/null) == installed ]] || new+=("$name")
done
install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@")
"${install[@]}" >/dev/null 2>&1 || { apt-get -qq update && "${install[@]}" >/dev/null; } || exit
if [[ -d /run/systemd/system && ${#new[@]} -gt 0 ]]; then
  dpkg -L "${new[@]}" | sed -n "s|^\(/usr\)\?/lib/systemd/system/\([^@]*\.service\)$|\2|p" | xargs -r systemctl -q disable
fi
'

# need_venv: .venv, made with the first Python that is new enough.
need_venv() {
  if .venv/bin/python -c '' 2>/dev/null; then return; fi
  command -v python3 >/dev/null || need_packages python3 python3-venv
  local python
  for python in python3 python3.14 python3.13 python3.12 python3.11 ''; do
    "${python:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  done
  [[ $python ]] || fail "Persenaut needs Python 3.11 or newer; this machine has $(python3 --version)."
  "$python" -c 'import ensurepip' 2>/dev/null || need_packages "$python-venv"
  say "Making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
}

# need_python_packages NAME [BEFORE]: the requirements on stdin, when they are not those that were installed last under
# this name; the command BEFORE comes first.
need_python_packages() {
  local installed=.venv/installed-$1.txt wanted
  wanted=$(cat)
  if [[ -f $installed && $(<"$installed") == "$wanted" ]]; then return; fi
  ${2:+"$2"}
  say "Installing Python packages ($1) into .venv"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r /dev/stdin <<<"$wanted"
  printf '%s\n' "$wanted" >"$installed"
}

# need_compiler: what building mysqlclient takes.
need_compiler() {
  local header
  header=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
  if command -v gcc >/dev/null && [[ -f $header ]] && pkg-config --exists libmariadb 2>/dev/null; then return; fi
  need_packages gcc libc6-dev pkg-config python3-dev libmariadb-dev
}

# need_npm_packages FOLDER: what FOLDER's package-lock.json names, when it is not that which was installed last there.
# No package's own scripts are run.
need_npm_packages() {
  local lock=$1/package-lock.json installed=$1/node_modules/installed-lock.json
  if command -v node >/dev/null && cmp -s "$lock" "$installed"; then return; fi
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then need_packages nodejs npm; fi
  say "Installing npm packages into $1/node_modules"
  npm ci --prefix "$1" --silent --ignore-scripts || fail "npm could not install what $lock names"
  cp "$lock" "$installed"
}

# setting NAME: its value as the settings read it: from the environment or `.env`, or the file that NAME_FILE names.
setting() {
  local file
  file=$(_given "$1_FILE")
  if [[ $file ]]; then cat "$file"; else _given "$1"; fi
}

_given() {
  if [[ ${!1+set} ]]; then
    printf '%s' "${!1}"
  elif [[ -f ${DOTENV:-.env} ]]; then
    sed -nE "s/^(export )?$1=['\"]?([^'\"]*)['\"]?\$/\2/p" "${DOTENV:-.env}" | tail -n 1
  fi
}
