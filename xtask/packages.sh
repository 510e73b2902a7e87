# Packages of the operating system, for bin/up and bin/test: asks once, installs what is missing.
# Sourced, not run. It never starts a PostgreSQL of the system and never asks for a password.

# Prints those of its arguments that dpkg does not know as installed.
packages_missing() {
  comm -23 <(printf '%s\n' "$@" | sort) \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^installed //p' | sort -u)
}

# Whether server programs of PostgreSQL 15 or later are there.
postgres_present() {
  [[ -n "${KUMOI_PG_BIN:-}" ]] && return 0
  local folder major
  for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
    major="${folder%/bin}" major="${major##*/}" major="${major#pgsql-}"
    [[ "$major" =~ ^[0-9]+$ && "$major" -ge 15 && -x "$folder/initdb" ]] && return 0
  done
  command -v initdb >/dev/null && [[ "$(initdb --version)" =~ \)\ (1[5-9]|[2-9][0-9]) ]]
}

# Runs a command as root; without the right to, says what a person can run and gives up.
as_root() {
  if [[ "$(id -u)" == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    echo "必要なパッケージがありません。管理者として次を実行してから、もう一度お試しください:" >&2
    echo "  sudo apt-get update && $hint" >&2
    exit 1
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# packages_ensure PACKAGE...: installs what is missing of PostgreSQL and the given packages.
packages_ensure() {
  local missing=() hint first=()
  if ! command -v dpkg-query >/dev/null; then
    postgres_present && return 0
    echo "PostgreSQL 15 以上（initdb と postgres）を入れ、KUMOI_PG_BIN に場所を指定してください" >&2
    exit 1
  fi
  mapfile -t missing < <(packages_missing "$@")
  # Any C compiler will do; the package is asked for only where there is none.
  if command -v cc >/dev/null; then
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | grep -vx -e build-essential -e '')
  fi
  postgres_present || first=(postgresql)
  [[ ${#missing[@]} == 0 && ${#first[@]} == 0 ]] && return 0
  hint="sudo apt-get install --no-install-recommends ${first[*]} ${missing[*]}"
  if [[ ${#first[@]} != 0 ]]; then
    # Without this the package starts a PostgreSQL of the system, which nobody needs here.
    local file=/etc/postgresql-common/createcluster.conf
    hint="sudo apt-get install postgresql-common && echo 'create_main_cluster = false' |"
    hint+=" sudo tee -a $file && sudo apt-get install --no-install-recommends"
    hint+=" postgresql ${missing[*]}"
    as_root apt-get update
    apt_install postgresql-common
    as_root touch "$file"
    as_root sed -i -e '/^[# ]*create_main_cluster/d' -e '$acreate_main_cluster = false' "$file"
    grep -q '^create_main_cluster' "$file" ||
      as_root sh -c "echo 'create_main_cluster = false' >>$file"
    apt_install postgresql
    if ! postgres_present; then
      echo "この配布版の PostgreSQL は 15 より古いものです。https://apt.postgresql.org の手順で" >&2
      echo "新しい版を入れ、もう一度お試しください" >&2
      exit 1
    fi
  else
    as_root apt-get update
  fi
  [[ ${#missing[@]} == 0 ]] || apt_install "${missing[@]}"
}

# The toolchain is the person's own choice, so it is not installed but explained.
cargo_ensure() {
  local found
  command -v cargo >/dev/null || [[ ! -x "$HOME/.cargo/bin/cargo" ]] || PATH="$HOME/.cargo/bin:$PATH"
  found="$(cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\).*/\1/p')"
  if [[ -z "$found" || "$(printf '%s\n' 1.95 "$found" | sort -V | head -1)" != 1.95 ]]; then
    echo "Rust 1.95 以上が必要です（見つかったもの: ${found:-なし}）。次で入れられます:" >&2
    echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
    echo "  （rustup があれば「rustup update stable」）" >&2
    exit 1
  fi
}

# venv_ensure FOLDER PACKAGE: a pinned package of PyPI in a folder of its own, made once.
venv_ensure() {
  local folder="$1" package="$2"
  [[ -e "$folder/.ready" ]] && return 0
  if ! command -v python3 >/dev/null || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    packages_ensure python3 python3-venv
  fi
  mkdir -p "$folder"
  # Tests start beside each other: one makes it, the others wait.
  (
    flock 9
    [[ -e "$folder/.ready" ]] && exit 0
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$package"
    touch "$folder/.ready"
  ) 9>"$folder.lock"
}

# Where programs of tests are kept between runs.
cache_folder() {
  local root
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
  echo "${XDG_CACHE_HOME:-${HOME:-$root/target}/.cache}/kumoi"
}

# moto_ensure: makes the sample AWS (PyPI moto, pinned) once and says where its server is in
# KUMOI_MOTO. The tests of the cloud and `kumoi bench cloud` use it; the product never does.
moto_ensure() {
  local version=5.2.5 folder
  folder="${KUMOI_MOTO_FOLDER:-$(cache_folder)}/moto-$version"
  export KUMOI_MOTO="$folder/bin/moto_server"
  venv_ensure "$folder" "moto[server]==$version"
}

# smtp_ensure: the relay that mail is tested with (PyPI aiosmtpd, pinned), in KUMOI_SMTP.
smtp_ensure() {
  local version=1.4.6 folder
  folder="$(cache_folder)/aiosmtpd-$version"
  export KUMOI_SMTP="$folder/bin/aiosmtpd"
  venv_ensure "$folder" "aiosmtpd==$version"
}

# The official validator of FOCUS (PyPI) in a folder of its own under target/: prints the folder.
# Always 2.2.1 with the rules 1.2.0.1: without the version an older Python takes 1.0.0 silently.
focus_validator_ensure() {
  local venv="${CARGO_TARGET_DIR:-target}/focus-validator"
  if [[ ! -e "$venv/ready-2.2.1" ]]; then
    rm -rf "$venv"
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3 python3-venv >&2
    python3 -m venv "$venv" >&2
    # It asks for Python 3.12 for one line only, which is spelled for older ones below; its numpy
    # goes with pyarrow before 24.
    "$venv/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python \
      focus-validator==2.2.1 'pyarrow<24' >&2
    "$venv/bin/python" - >&2 <<'PYTHON'
import compileall, importlib.metadata, importlib.util, pathlib, sys

assert importlib.metadata.version("focus-validator") == "2.2.1"
folder = pathlib.Path(importlib.util.find_spec("focus_validator").origin).parent
if sys.version_info < (3, 12):
    path = folder / "config_objects" / "focus_to_duckdb_converter.py"
    newer = """f"'{k.replace('\\"', '\\"\\"')}'" for k in"""
    older = """"'" + k.replace('"', '""') + "'" for k in"""
    text = path.read_text()
    assert text.count(newer) == 1, "the line that only Python 3.12 reads is not where it was"
    path.write_text(text.replace(newer, older))
assert compileall.compile_dir(folder, quiet=1), "the validator cannot be compiled"
PYTHON
    touch "$venv/ready-2.2.1"
  fi
  (cd "$venv" && pwd)
}
