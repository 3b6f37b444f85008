"""Every file includes what it uses. Standard headers include others, and fewer with each version, so a name included
only by accident compiles here but not with the next compiler."""

import re
from functools import cache
from pathlib import Path

from conftest import CHECKOUT

# Name after std::, header that declares it. Names that several headers declare (std::size_t, std::move) are left out.
NAMES = {
    r"u?int(8|16|32|64)_t|u?intptr_t": "cstdint",
    "string": "string", "to_string": "string", "string_view": "string_view", "vector": "vector", "array": "array", "span": "span",
    "map|multimap": "map", "set|multiset": "set", "deque": "deque", "list": "list", "tuple": "tuple", "variant|visit": "variant",
    "unordered_map": "unordered_map", "unordered_set": "unordered_set", "optional|nullopt": "optional", "function": "functional",
    "unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared": "memory", "filesystem": "filesystem",
    "mutex|lock_guard|unique_lock|scoped_lock": "mutex", "condition_variable": "condition_variable", "thread|jthread": "thread",
    "atomic": "atomic", "chrono": "chrono", "numeric_limits": "limits", "runtime_error|logic_error|out_of_range": "stdexcept",
    "exception_ptr|current_exception|rethrow_exception|uncaught_exceptions": "exception", "numbers": "numbers",
    "sort|stable_sort|min|max|clamp|any_of|all_of|none_of|find_if|copy_n|transform": "algorithm", "accumulate|iota|gcd|lcm": "numeric",
    "sqrt|exp|log|isfinite|isnan|pow|lround": "cmath", "ifstream|ofstream": "fstream", "istringstream|ostringstream": "sstream",
    "bit_cast|endian|popcount": "bit", "byte": "cstddef",
}
FILES = sorted(path.relative_to(CHECKOUT) for folder in ("analysis", "kernels", "src", "tests") for kind in ("*.hpp", "*.cpp")
               for path in (CHECKOUT / folder).rglob(kind))


def code_of(path):
    """A file's text without comments and string literals."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(\\.|[^"\\\n])*"', "", (CHECKOUT / path).read_text(), flags=re.DOTALL)


def included_by(path):
    """The standard headers and the headers of ours that a file includes."""
    text = (CHECKOUT / path).read_text()
    ours = (next((Path(folder, name) for folder in (".", "src", "tests") if (CHECKOUT / folder / name).exists()), None)
            for name in re.findall(r'#include "([^"]+)"', text))
    return set(re.findall(r"#include <([a-z_]+)>", text)), [path for path in ours if path]


@cache
def reached_by(path):
    """The standard headers that a file includes directly or through our headers."""
    standard, ours = included_by(path)
    return standard.union(*(reached_by(header) for header in ours))


def missing(kind, included):
    """{file: headers}: for files of this suffix, the headers whose names they use without including them."""
    found = {}
    for path in FILES:
        if path.suffix != kind:
            continue
        code, there = code_of(path), included(path)
        lacks = {header for names, header in NAMES.items() if header not in there and re.search(rf"\bstd::({names})\b", code)}
        if lacks:
            found[str(path)] = lacks
    return found


def test_only_one_place_writes_to_stdout_and_stderr():
    """Elsewhere, a lost log would end the work, and lost output would go unnoticed."""
    streams = r"\b(std::)?(stdout|stderr|cout|cerr|clog|puts|printf)\b|\bfmt::print(ln)?\b|\bSTD(OUT|ERR)_FILENO\b"
    # screen.cpp checks whether stderr is a terminal; gnuplot.cpp redirects gnuplot's stderr to a file. The other two
    # end a stopped process and bypass all buffers, whose locks may be held forever.
    allowed = {"src/streams/streams.cpp", "src/progress/screen.cpp", "analysis/plot/gnuplot.cpp", "src/errors/stop.cpp", "src/doctor/cleanup_on_signal.cpp"}
    ours = [path for path in FILES if path.parts[0] != "tests" and str(path) not in allowed]
    assert [str(path) for path in ours if re.search(streams, code_of(path))] == []


def arguments_of(text, start):
    """The arguments of a call, from after its opening parenthesis."""
    depth, quoted, begin, arguments, i = 1, False, start, [], start
    while depth and i < len(text):
        character = text[i]
        if quoted:
            i += character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 1:
            arguments.append(text[begin:i])
            begin = i + 1
        i += 1
    return [*arguments, text[begin:i - 1]]


def test_what_to_do_begins_with_a_capital_letter():
    """The third part of `problem (why). What to do.` is a sentence."""
    found, lower = 0, []
    for path in FILES:
        if path.parts[0] == "tests":
            continue
        text = (CHECKOUT / path).read_text()
        for call in re.finditer(r"errors::(usage|input|machine)\(", text):
            for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', "".join(arguments_of(text, call.end())[2:]))[:1]:
                found += 1
                if re.match("[a-z]", literal):
                    lower.append(f"{path}: {literal}")
    assert found > 200 and lower == []


def test_the_sources_are_found():
    assert len(FILES) > 500


def test_a_header_includes_what_it_uses():
    assert missing(".hpp", lambda path: included_by(path)[0]) == {}


def test_a_source_includes_what_it_uses_directly_or_through_our_headers():
    assert missing(".cpp", reached_by) == {}
