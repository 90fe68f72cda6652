# Shared by ops/run, ops/test, ops/check: the Python environment, from the hash-locked files.
# Sourced, with the project root as the current folder. $VENV names another environment.

VENV="${VENV:-.venv}"

say() { printf '%s\n' "$*" >&2; }

# Print a Python that is new enough, or nothing.
find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
}

# install_debian PACKAGE… : install with apt-get when we may, or say what to install.
install_debian() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing with apt-get: $*"
        # RUNLEVEL=1: the packages must not start their services
        export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >&2 && return
    fi
    say "Missing. Please install, then start again:  sudo apt-get install $*"
    return 1
}

# make_environment LOCK… : a virtual environment with exactly these locked packages.
# Of requirements-templates.lock we use data files: what those packages depend on is left out.
make_environment() {
    local python stamp
    if [ ! -x "$VENV/bin/python" ] || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        python="$(find_python)"
        if [ -z "$python" ]; then
            install_debian python3 python3-venv
            python="$(find_python)"
            [ -n "$python" ] || { say "Python 3.11 or newer is needed."; return 1; }
        fi
        if ! "$python" -c 'import ensurepip' 2>/dev/null; then
            install_debian "$(basename "$(realpath "$python")")-venv"
        fi
        say "making $VENV"
        "$python" -m venv "$VENV"
    fi
    stamp="$(cat "$@" | sha256sum | cut -d' ' -f1)"
    if [ "$(cat "$VENV/.locked" 2>/dev/null)" != "$stamp" ]; then
        say "installing the locked packages"
        rm -f "$VENV/.locked"
        local lock alone
        for lock in "$@"; do
            alone=()
            if [ "$lock" = requirements-templates.lock ]; then alone=(--no-deps); fi
            "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
                "${alone[@]}" --require-hashes -r "$lock"
        done
        printf '%s' "$stamp" >"$VENV/.locked"
    fi
}

# install_narthex : build the wheel and install it over the one that is there.
install_narthex() {
    local wheels
    wheels="$(mktemp -d)"
    rm -rf build ./*.egg-info # what an older file left there would enter the wheel
    "$VENV/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --no-index --wheel-dir "$wheels" .
    rm -rf build ./*.egg-info
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index \
        --force-reinstall "$wheels"/narthex-*.whl
    rm -rf "$wheels"
}
