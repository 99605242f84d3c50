#!/usr/bin/env python3
"""Runs the code in the documentation: docs_test.py [FILE.md...] (README.md and docs/**/*.md).

Every block says after its fence what it is. The blocks of one file run in order in one empty folder, against an
installed Cerium, as a reader would run them:

    ```c program [NAME]    a whole program, saved as NAME (program.c); run when a block "text output" follows
    ```c definitions       types and functions that the fragments further down in the file may use
    ```c fragment          statements, compiled inside
                               ce_status fragment(ce_context *sc, int argc, char **argv)
    ```text output         what the block above prints; "..." stands for anything within a line
    ```sh                  commands, run by bash -eu
    ```sh manual           commands that a test should not run, such as installing packages; only parsed
    ```text file NAME      a file, saved as NAME; also with cmake in place of text
    ```text                a drawing or a form, which nothing is done with

A program with a main is built with the flags that pkg-config gives; all others are run by `cerium run`. All C compiles
without warnings. Any other block is an error.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS_MAX = 100  # for one command; the whole test has 120
WARNINGS = ["-std=gnu17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wstrict-prototypes", "-Werror"]
FRAGMENT = """#include <cerium/cerium.h>
#include <stdio.h>
#include <stdlib.h>
{definitions}
ce_status fragment(ce_context *sc, int argc, char **argv);
ce_status fragment(ce_context *sc, int argc, char **argv)
{{
    (void)sc, (void)argc, (void)argv;
    {{
#line {line} "{path}"
{text}
    }}
    return CE_OK;
}}
"""


class Failure(Exception):
    pass


class Block:
    def __init__(self, line, words, text):
        self.line, self.words, self.text = line, words, text

    def has(self, *words):
        return self.words[:len(words)] == list(words)


def blocks_of(text):
    """The fenced blocks of a file, in order. Fences stand at the beginning of a line."""
    blocks, fence = [], None
    for number, line in enumerate(text.split("\n"), 1):
        mark = re.match(r"(\s*)(`{3,}|~{3,})(.*)", line)
        if fence is None and mark:
            if mark[1] or mark[2][0] == "~":
                raise Failure(f"{number}: a fence is three backquotes at the beginning of a line")
            fence, start, words, lines = mark[2], number, mark[3].split(), []
        elif fence is not None and mark and mark[2].startswith(fence) and not mark[3].strip():
            blocks.append(Block(start + 1, words, "".join(line + "\n" for line in lines)))
            fence = None
        elif fence is not None:
            lines.append(line)
    if fence is not None:
        raise Failure(f"{start}: the block has no end")
    return blocks


def matches(wanted, got):
    """Line by line, without blanks at the ends of lines; "..." stands for any text."""
    wanted, got = ([line.rstrip() for line in text.rstrip("\n").split("\n")] for text in (wanted, got))
    return len(wanted) == len(got) and all(
        re.fullmatch(".*".join(map(re.escape, a.split("..."))), b) for a, b in zip(wanted, got))


class Installation:
    """Cerium as a reader has it: installed to a folder of its own, and found by every tool that looks for it."""

    def __init__(self, build, folder):
        prefix = folder / "prefix"
        run(["cmake", "--install", build, "--prefix", prefix], folder, os.environ)
        library = next(prefix.glob("**/libcerium.so")).parent
        self.environment = dict(
            os.environ, PATH=f"{folder}/bin:{prefix}/bin:{os.environ['PATH']}", LD_LIBRARY_PATH=str(library),
            PKG_CONFIG_PATH=f"{library}/pkgconfig", CMAKE_PREFIX_PATH=str(prefix), CERIUM_CACHE=f"{folder}/cache",
            LC_ALL="C.UTF-8")
        # A library with a sanitizer in it loads only into programs that have it too.
        sanitizers = re.search(r"^CERIUM_SANITIZE:\w+=(.+)$", (Path(build) / "CMakeCache.txt").read_text(), re.M)
        (folder / "bin").mkdir()
        if sanitizers:
            wrapper = folder / "bin" / "cc"
            wrapper.write_text(f"#!/bin/sh\nexec /usr/bin/cc -fsanitize={sanitizers[1]} \"$@\"\n")
            wrapper.chmod(0o755)
        flags = run(["pkg-config", "--cflags", "--libs", "cerium"], folder, self.environment)
        self.flags = shlex.split(flags)
        self.include = [flag for flag in self.flags if flag.startswith("-I")]


def run(command, folder, environment):
    """The command's standard output; a Failure with both outputs when its exit status is not 0."""
    try:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Failure(f"did not end within {SECONDS_MAX} s")
    if done.returncode:
        raise Failure(f"ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Chapter:
    """One file: what it has defined so far, and the folder that its blocks run in."""

    def __init__(self, path, folder, installation):
        self.path, self.folder, self.installation = path, folder, installation
        self.definitions = ""

    def call(self, *command):
        return run(list(map(str, command)), self.folder, self.installation.environment)

    def save(self, block, usual=None):
        """Saves a block under the name that stands behind its two words."""
        names = block.words[2:] or [usual]
        if len(names) != 1 or not names[0] or not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", names[0]):
            raise Failure("needs the name of a file behind its kind, and nothing else")
        name = self.folder / names[0]
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_text(block.text)
        return name

    def compile(self, text, *flags):
        unit = self.folder / ".unit.c"
        unit.write_text(text)
        self.call("cc", *WARNINGS, *flags, *self.installation.include, "-c", unit, "-o", self.folder / ".unit.o")
        unit.unlink()

    def program(self, block, is_run):
        source = self.save(block, "program.c")
        self.compile(block.text, "-O3")
        if not is_run:
            return ""
        if not re.search(r"^int main\(", block.text, re.M):
            return self.call("cerium", "run", source.name)
        program = source.with_suffix("")
        self.call("cc", "-O2", source.name, "-o", program, *self.installation.flags)
        return self.call(program)

    def fragment(self, block):
        self.compile(FRAGMENT.format(definitions=self.definitions, line=block.line, path=self.path, text=block.text),
                     "-Wno-unused")

    def define(self, block):
        self.definitions += f'#line {block.line} "{self.path}"\n{block.text}'
        self.compile(f"#include <cerium/cerium.h>\n#include <stdio.h>\n#include <stdlib.h>\n{self.definitions}",
                     "-Wno-unused")

    def do(self, block, is_run):
        """Does what a block asks for and returns what it prints, None when it can print nothing."""
        if block.has("c", "program"):
            return self.program(block, is_run)
        if block.words == ["c", "definitions"]:
            return self.define(block)
        if block.words == ["c", "fragment"]:
            return self.fragment(block)
        if block.words == ["sh"]:
            return self.call("bash", "-eu", "-o", "pipefail", "-c", block.text)
        if block.words == ["sh", "manual"]:
            self.call("bash", "-n", "-c", block.text)
        elif block.has("text", "file") or block.has("cmake", "file"):
            self.save(block)
        elif block.words != ["text"]:
            raise Failure(f"nothing is known about blocks of the kind \"{' '.join(block.words)}\"")
        return None

    def check(self, block, output):
        """Does a block, and compares what it prints with the block of output behind it, if there is one."""
        printed = self.do(block, output is not None)
        if output is None:
            return
        if printed is None:
            raise Failure("prints nothing, but output follows")
        if not matches(output.text, printed):
            raise Failure(f"wanted the output\n{output.text}got\n{printed}")


def check_file(path, shown, folder, installation):
    """Runs the blocks of one file; returns how many there are, and what failed."""
    try:
        blocks = blocks_of(path.read_text())
    except Failure as failure:
        return 0, [f"{shown}:{failure}"]
    folder.mkdir()
    chapter, failures = Chapter(shown, folder, installation), []
    for index, block in enumerate(blocks):
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        if block.words == ["text", "output"]:
            if index == 0 or blocks[index - 1].words == block.words:
                failures.append(f"{shown}:{block.line}: output of nothing")
            continue
        try:
            chapter.check(block, following if following and following.words == ["text", "output"] else None)
        except Failure as failure:
            failures.append(f"{shown}:{block.line}: {' '.join(block.words)}: {failure}")
    return len(blocks), failures


def main():
    source, build = Path(os.environ["CERIUM_SOURCE"]), os.environ["CERIUM_BUILD"]
    paths = [Path(name).resolve() for name in sys.argv[1:]]
    if not paths:
        paths = [path for path in [source / "README.md"] if path.exists()] + sorted((source / "docs").glob("**/*.md"))
    count, failures = 0, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            installation = Installation(build, folder)
        except Failure as failure:
            sys.exit(f"docs: Cerium cannot be installed to a folder: {failure}")
        for index, path in enumerate(paths):
            shown = path.relative_to(source) if path.is_relative_to(source) else path
            blocks, wrong = check_file(path, shown, folder / f"chapter{index}", installation)
            count += blocks
            failures += wrong
    print("\n".join(failures))
    print(f"docs: {len(paths)} files, {count} blocks, {len(failures)} failures")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
