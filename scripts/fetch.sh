# shellcheck shell=bash
# For scripts that fetch data, to be sourced: packages are downloaded, compared with the checksum that is written down
# in the script, and unpacked into the ignored folder Assets/. What is complete is not fetched again, and nothing that
# is half complete ever has its final name.

# Prints what is wrong and ends.
fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Makes the folder $temporary in Assets/, which goes when the script ends.
make_temporary() {
    mkdir -p Assets
    temporary=$(mktemp -d Assets/.fetch-XXXXXX)
    trap 'rm -rf "$temporary"' EXIT
}

# Fails if a file has another SHA-256 checksum than expected.
verify() {
    local file=$1 expected=$2 found
    found=$(sha256sum "$file" | cut -d ' ' -f 1)
    [[ $found == "$expected" ]] ||
        fail "$(basename "$file"): the SHA-256 checksum is $found, expected $expected; it is not the file that was meant"
}

# Downloads a source package of PyPI, as NAME==VERSION, into a folder. pip compares the checksum before it runs any code
# of the package.
fetch_pypi_source() {
    local requirement=$1 hash=$2 destination=$3
    python3 -m pip --version >/dev/null 2>&1 || fail "needs Python's pip: apt-get install python3-pip"
    echo "$requirement --hash=sha256:$hash" >"$destination/requirements.txt"
    python3 -m pip download -q --no-deps --no-binary :all: --require-hashes -r "$destination/requirements.txt" \
        -d "$destination" >"$destination/pip.log" 2>&1 || {
        cat "$destination/pip.log" >&2
        fail "$requirement cannot be fetched from PyPI with the SHA-256 checksum $hash"
    }
}

# Downloads a wheel of PyPI, as NAME==VERSION, into a folder, and compares its checksum. Nothing of it is run. More
# arguments are pip's, to choose among the wheels for several platforms.
fetch_pypi_wheel() {
    local requirement=$1 hash=$2 destination=$3
    shift 3
    python3 -m pip --version >/dev/null 2>&1 || fail "needs Python's pip: apt-get install python3-pip"
    echo "$requirement --hash=sha256:$hash" >"$destination/requirements.txt"
    python3 -m pip download -q --no-deps --only-binary :all: --require-hashes -r "$destination/requirements.txt" \
        "$@" -d "$destination" >"$destination/pip.log" 2>&1 || {
        cat "$destination/pip.log" >&2
        fail "$requirement cannot be fetched from PyPI with the SHA-256 checksum $hash"
    }
}

# Downloads a package of Debian, as NAME=VERSION, compares its checksum and unpacks it into a folder. Nothing of it is run
# or installed.
fetch_debian_package() {
    local package=$1 hash=$2 destination=$3 file
    command -v apt-get >/dev/null || fail "needs apt-get, of Debian or a relative"
    mkdir -p "$destination/package"
    (cd "$destination/package" && apt-get download -q "$package" >"../apt.log" 2>&1) || {
        cat "$destination/apt.log" >&2
        fail "$package cannot be fetched with apt-get download"
    }
    file=$(find "$destination/package" -name '*.deb')
    verify "$file" "$hash"
    dpkg-deb -x "$file" "$destination"
    rm -r "$destination/package"
}
