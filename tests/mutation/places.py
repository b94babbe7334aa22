"""The places of a source that can be mutated, and the source with all mutants in it.

A place is a whole statement, or the condition of an if, a while or a for. Its mutants are other texts for it. All of them
are compiled; `mutation::is(number)` chooses one while the program runs. Places do not overlap, so one build holds all.
"""

import hashlib
import re

OPERATORS = {">=": ">", "<=": "<", ">": ">=", "<": "<=", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}
OPERATOR = re.compile(r" (>=|<=|>|<|==|!=|&&|\|\|) ")
HEAD = re.compile(r"((?:\} else )?if|while|for) \((.*)\)( \[\[\w+\]\])? \{$")
ONE_LINER = re.compile(r"(.*\)(?: const| noexcept| override)* \{) ([^{}]*;) \}$")
NO_STATEMENT = re.compile(r"(break|continue|default|case|using|throw|else|do|try|struct|class|enum|union|template|friend|typedef|"
                          r"namespace|operator|goto|delete|co_\w+|public|private|protected|static_assert)\b")  # fmt: skip
DECLARATION = re.compile(r"(?:(?:const|auto|static|constexpr|mutable|inline|explicit)\b|\[\[|"
                         r"[\w:]+(?:<[^;=()]*>)?(?:::\w+)*(?: [&*]?| ?[&*] ?)(?:const )?\w+(?:\{.*\}|\(.*\)|\[.*\]| = .*|)(?:, \w+.*)?;$)")  # fmt: skip
INITIALISER = re.compile(r"([^=(){}]*?\w) = (?=[^{])(.*)")
STORE = re.compile(r"[\w.\->()\[\]]+\.store\(.*\);$")


class Mutant:
    """One other text for a place. `line` is where it differs, `shown` says it to people."""

    def __init__(self, path, line, what, shown, text):
        self.path, self.line, self.what, self.text = path, line, what, text
        self.shown = f"{path}:{line + 1}: {what}: {shown}"
        self.key, self.number, self.compiles = None, None, True


class Place:
    """The lines [first, last) of a file: `before`, then the text that has mutants, then `after`."""

    def __init__(self, path, kind, first, last, before, text, after):
        self.path, self.kind, self.first, self.last = path, kind, first, last
        self.before, self.text, self.after = before, text, after
        self.mutants = []

    def lines(self):
        """Pairs of a line and the mutant that it is, or None."""
        one = {"condition": "mutation::is({}) ? static_cast<bool>({}) :", "declaration": "mutation::is({}) ? ({}) :",
               "return": "if (mutation::is({})) {{ {} }}", "statement": "if (mutation::is({})) {{ {} }} else"}  # fmt: skip
        itself = {"condition": "static_cast<bool>({})", "declaration": "({})", "return": "{}", "statement": "{{ {} }}"}
        return [(self.before, None),
                *((one[self.kind].format(each.number, each.text), each) for each in self.mutants if each.compiles),
                (itself[self.kind].format(self.text) + self.after, None)]  # fmt: skip


def blank(text):
    """The text with the insides of its literals blanked, as long as before."""
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', lambda literal: literal[0][0] + "_" * (len(literal[0]) - 2) + literal[0][0],
                  text)  # fmt: skip


def code_of(line):
    """The line without its comment and indentation."""
    comment = re.search(r"(^|\s)//", blank(line))
    return (line[: comment.start()] if comment else line).strip()


def open_brackets(text):
    """What is open at the end, such as `({`, or None if more is closed than was opened."""
    stack = ""
    for character in blank(text):
        if character in "([{":
            stack += character
        elif character in ")]}":
            if not stack:
                return None
            stack = stack[:-1]
    return stack


def split_at_semicolons(text):
    parts, depth, from_ = [], 0, 0
    for at, character in enumerate(blank(text)):
        depth += (character in "([{") - (character in ")]}")
        if character == ";" and depth == 0:
            parts.append(text[from_:at])
            from_ = at + 1
    return [*parts, text[from_:]]


class Source:
    """A file, its places, and what is in it that cannot be mutated so."""

    def __init__(self, path, text):
        self.path, self.source = path, text.splitlines()
        self.places, self.left_out = [], []
        self.find_places()
        self.swap_stores()
        self.name_mutants()
        covered = {line for place in self.places for line in range(place.first, place.last)}
        for number in range(self.code_begins(), len(self.source)):
            line = self.source[number]
            if number not in covered and OPERATOR.search(blank(code_of(line))) and "// mutate:" not in line:
                self.left_out.append(f"{path}:{number + 1}: {line.strip()}")

    def mutants(self):
        return [mutant for place in self.places for mutant in place.mutants]

    def code_begins(self):
        return next((i for i, line in enumerate(self.source) if line.startswith("namespace engine") or "BEGIN_NAMESPACE" in line), 0)

    def find_places(self):
        number, previous = self.code_begins(), "{"
        while number < len(self.source):
            line, code = self.source[number], code_of(self.source[number])
            if not code or code.startswith("#"):
                number += 1
                continue
            begins = previous.endswith((";", "{", "}", ":")) and (line.startswith("    ") or ONE_LINER.match(code))
            last = self.end_of(number) if begins else number + 1
            if begins:
                self.look_at(number, last)
            previous = code_of(self.source[last - 1])
            number = last

    def end_of(self, first):
        """One past the last line of the statement, or of the head of the block, that begins there."""
        text = ""
        for number in range(first, min(first + 25, len(self.source))):
            text += " " + code_of(self.source[number])
            stack = open_brackets(text.replace("} else", "else", 1))
            if stack is None or text.endswith("{") or (stack == "" and text.endswith((";", "}", ":"))):
                return number + 1
        return first + 1

    def look_at(self, first, last):
        lines = self.source[first:last]
        if any("// mutate:" in line for line in lines):
            return
        self.starts, text = [], ""
        for number, line in enumerate(lines, first):
            self.starts.append((len(text) + (1 if text else 0), number))
            text += (" " if text else "") + code_of(line)
        if " operator" in text or text.startswith("template"):
            return
        if head := HEAD.match(text):
            self.add_condition(first, last, text, head)
        elif (one := ONE_LINER.match(text)) and not re.match(r"if|while|for|switch", text):
            self.add_statement(first, last, one[1] + " ", one[2], " }")
        elif text.endswith(";") and open_brackets(text) == "":
            self.add_statement(first, last, "", text, "")

    def add_condition(self, first, last, text, head):
        *initial, condition = split_at_semicolons(head[2])
        rest = ""
        if head[1] == "for":
            if len(initial) != 2:
                return  # over a range
            initial, condition, rest = initial[:1], initial[1], ";" + condition
        elif open_brackets(head[2]) != "":
            return
        if declared := re.match(r"\s*(?:const |auto )*[\w:<>]*[ &*]+(\w+) = ", condition):
            if head[1] == "while":
                return
            initial, condition = [*initial, condition], " " + declared[1]
        begins = text.index(condition, head.start(2)) if not declared else 0
        condition, begins = condition.strip(), begins + len(condition) - len(condition.lstrip())
        before = "".join(f"{each};" for each in initial)
        place = Place(self.path, "condition", first, last, f"{head[1]} ({before}", condition, f"{rest}){head[3] or ''} {{")
        # Where the whole condition is one comparison, that is turned round anyway.
        if head[1].endswith("if") and not re.fullmatch(r"[^&|]* [=!]= [^&|]*", condition):
            self.add(place, first, "negated", text, f"!({condition})")
        if not declared:
            self.add_operators(place, condition, begins)
        self.places += [place] if place.mutants else []

    def add_statement(self, first, last, before, text, after):
        offset = len(before)
        if text.endswith(("= delete;", "= default;")) or NO_STATEMENT.match(text):
            return
        if re.match(r"return\b", text):
            place = Place(self.path, "return", first, last, before, text, after)
            self.add_operators(place, text, offset)
        elif DECLARATION.match(text) and "(" not in text.split()[0]:
            initialiser = INITIALISER.match(text[:-1])
            if not initialiser or "," in blank(initialiser[1]) and "<" not in initialiser[1]:
                return
            place = Place(self.path, "declaration", first, last, before + initialiser[1] + " = ", initialiser[2], ";" + after)
            self.add_operators(place, initialiser[2], offset + initialiser.start(2))
        elif re.match(r"[\w*(+\-]", text):
            place = Place(self.path, "statement", first, last, before, text, after)
            if not text.startswith("reach("):  # a hook for tests
                self.add(place, first, "dropped", text, "")
            self.add_operators(place, text, offset)
        else:
            return
        self.places += [place] if place.mutants else []

    def add_operators(self, place, text, begins):
        """`begins` is where the text begins in its joined lines."""
        at = 0
        while found := OPERATOR.search(blank(text), at):
            old, new = found[1], OPERATORS[found[1]]
            line = max(number for start, number in self.starts if start <= begins + found.start() + 1)
            shown = text[max(0, found.start() - 40) : found.end() + 40].strip()
            self.add(place, line, f"`{old}` is `{new}`", shown, f"{text[: found.start()]} {new} {text[found.end() :]}")
            at = found.end() - 1

    def add(self, place, line, what, shown, text):
        place.mutants.append(Mutant(self.path, line, what, shown, text))

    def swap_stores(self):
        """Two stores, one after the other, become one place that can have them in either order."""
        joined = []
        for place in self.places:
            last = joined[-1] if joined else None
            if (last and last.kind == place.kind == "statement" and last.last == place.first and not place.before
                    and STORE.match(last.stores[-1] if hasattr(last, "stores") else last.text) and STORE.match(place.text)):  # fmt: skip
                stores = [*(last.stores if hasattr(last, "stores") else [last.text]), place.text]
                # The order of two relaxed stores says nothing to anybody.
                both = Place(self.path, "statement", last.first, place.last, "", " ".join(stores), "")
                before, after = " ".join(stores[:-1]), stores[-1]
                for each in last.mutants:
                    each.text += " " + after
                for each in place.mutants:
                    each.text = before + " " + each.text
                both.mutants = last.mutants + place.mutants
                if not all("relaxed" in store for store in stores[-2:]):
                    swapped = " ".join([*stores[:-2], stores[-1], stores[-2]])
                    self.add(both, place.first - 1, "swapped with the next", stores[-2], swapped)
                both.stores = stores
                joined[-1] = both
            else:
                joined.append(place)
        self.places = joined

    def name_mutants(self):
        """A key stays what it is when other lines of the file change."""
        seen = {}
        for place in self.places:
            for mutant in place.mutants:
                text = "\n".join([self.path, mutant.what, place.text, mutant.text])
                seen[text] = seen.get(text, 0) + 1
                mutant.key = hashlib.sha256(f"{text}\n{seen[text]}".encode()).hexdigest()[:16]

    def with_mutants(self):
        """The text with all mutants in it, and what its lines are: a mutant, or a place, or None."""
        text = ["#pragma GCC system_header"] if self.path.endswith(".hpp") else []
        text.append('#include "mutation.hpp"')
        means, number = [None] * len(text), 0
        for place in [*(place for place in self.places if any(each.compiles for each in place.mutants)), None]:
            first = place.first if place else len(self.source)
            text += self.source[number:first]
            means += [None] * (first - number)
            if place:
                for line, mutant in place.lines():
                    text.append(line)
                    means.append(mutant or place)
                number = place.last
        return "\n".join(text) + "\n", means
