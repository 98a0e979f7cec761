#!/usr/bin/env python3
"""Reads headers as UnrealHeaderTool does, as far as that is known without it: refuses what it would refuse, and writes the
`*.generated.h` files that the stand-in engine needs. It parses the plugin's and generated style of declarations, not all of C++.

Usage: header_tool.py OUT FOLDER…   (writes into OUT; exits with 1 and a line per fault when there are any)
"""
import re
import sys
from pathlib import Path

NUMBERS = {"bool", "uint8", "int32", "int64", "float", "double"}
# Numbers that are reflected, but not for Blueprint.
REFLECTED = {"int8", "int16", "uint16", "uint32", "uint64"}
ENGINE_VALUES = {
    "FString", "FName", "FText", "FVector", "FVector2D", "FVector4", "FQuat", "FRotator", "FTransform", "FIntPoint",
    "FIntVector", "FGuid", "FDateTime", "FTimespan", "FColor", "FLinearColor",
}
ENGINE_CLASSES = {
    "UObject", "AActor", "UActorComponent", "USceneComponent", "UGameInstanceSubsystem", "UBlueprintAsyncActionBase",
    "UBlueprintFunctionLibrary", "UDeveloperSettings", "UGameInstance", "UWorld",
}
MACRO = re.compile(r"^[ \t]*(UCLASS|USTRUCT|UENUM)\(", re.M)


class Type:
    """A UCLASS, USTRUCT or UENUM with where it is declared."""

    def __init__(self, kind, specifiers, name, parent, path, line, body, body_line):
        self.kind, self.specifiers, self.name, self.parent = kind, specifiers, name, parent
        self.path, self.line, self.body, self.body_line = path, line, body, body_line


def closing(text, at, pair):
    """The index behind the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(text)):
        if text[index] == pair[0]:
            depth += 1
        elif text[index] == pair[1]:
            depth -= 1
            if depth == 0:
                return index + 1
    raise ValueError("a bracket is not closed")


def without_comments(text):
    """The same text, lines and columns, with blanks for comments."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)


def types_of(path, text):
    code = without_comments(text)
    for match in MACRO.finditer(code):
        opening = match.end() - 1
        end = closing(code, opening, "()")
        head = re.compile(
            r"\s*(?:enum\s+class|class|struct)\s+(?:\w+_API\s+)?(\w+)\s*(?:final\s*)?(?::\s*(?:public\s+)?(\w+))?[^{;]*\{"
        ).match(code, end)
        if not head:
            raise ValueError(f"{path}: nothing is declared after {match.group(1)}")
        body_end = closing(code, head.end() - 1, "{}")
        line = code.count("\n", 0, match.start()) + 1
        body_line = code.count("\n", 0, head.end()) + 1
        body = (code[head.end():body_end - 1], text[head.end():body_end - 1])
        yield Type(match.group(1), code[opening + 1:end - 1], head.group(1), head.group(2), path, line, body, body_line)


def split_commas(text):
    """At commas outside brackets."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += letter in "<([{"
        depth -= letter in ">)]}"
        if letter == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


class Checker:
    def __init__(self, types):
        self.types = types
        self.faults = []
        self.by_name = {one.name: one for one in types}

    def fault(self, one, line, text):
        self.faults.append(f"{one.path}:{line}: {text}")

    def is_for_blueprint(self, text):
        """Whether Blueprint knows a type."""
        text = re.sub(r"\b(const|class|struct|enum)\b|UPARAM\([^)]*\)|&", "", text).strip()
        container = re.fullmatch(r"(TArray|TSet|TMap)\s*<(.*)>", text)
        if container:
            inside = split_commas(container.group(2))
            return all(self.is_for_blueprint(part) and not re.match(r"T(Array|Set|Map)\b", part) for part in inside)
        if re.fullmatch(r"(TObjectPtr|TSubclassOf|TSoftObjectPtr|TSoftClassPtr)\s*<\s*\w+\s*>", text):
            return True
        if re.fullmatch(r"[UA]\w+\s*\*", text):
            return True
        known = self.by_name.get(text)
        if known:
            return "BlueprintType" in known.specifiers
        return text in NUMBERS or text in ENGINE_VALUES or text.startswith("FAmbit") and self.is_delegate(text)

    def is_delegate(self, name):
        return any(name in one.delegates for one in self.types if hasattr(one, "delegates"))

    def check_all(self):
        engine_names = {}
        for one in self.types:
            self.check_type(one)
            first = engine_names.setdefault(one.name[1:].lower(), one)
            if first is not one:
                self.fault(one, one.line, f"{one.name} and {first.name} share their name in the engine")

    def check_type(self, one):
        prefix = {"USTRUCT": "F", "UENUM": "E", "UCLASS": "A" if self.is_actor(one) else "U"}[one.kind]
        if not one.name.startswith(prefix):
            self.fault(one, one.line, f"{one.name} must begin with {prefix}")
        if one.kind == "UENUM":
            return
        code, text = one.body
        first = code.strip().split("\n", 1)[0].strip()
        if first != "GENERATED_BODY()":
            self.fault(one, one.body_line, f"{one.name} must begin with GENERATED_BODY()")
        names = {}
        access = "public" if one.kind == "USTRUCT" else "private"
        for match in re.finditer(r"^[ \t]*(public|protected|private):|^[ \t]*(UPROPERTY|UFUNCTION)\(", code, re.M):
            if match.group(1):
                access = match.group(1)
                continue
            line = one.body_line + code.count("\n", 0, match.start())
            opening = match.end() - 1
            end = closing(code, opening, "()")
            specifiers = code[opening + 1:end - 1]
            stop = min((at for at in (code.find(";", end), code.find("{", end)) if at >= 0))
            declaration = " ".join(code[end:stop].split())
            check = self.check_property if match.group(2) == "UPROPERTY" else self.check_function
            name = check(one, line, specifiers, declaration, access)
            is_node = match.group(2) == "UFUNCTION" and re.search(r"Blueprint|CallInEditor", specifiers)
            if is_node and not self.has_doc(text, match.start()):
                self.fault(one, line, f"{name} needs a /** */: it is the node's tooltip")
            if name.lower() in names:
                self.fault(one, line, f"{name} and {names[name.lower()]} share their name")
            names[name.lower()] = name

    @staticmethod
    def has_doc(text, at):
        return text[:at].rstrip().endswith("*/")

    def is_actor(self, one):
        while one.parent in self.by_name:
            one = self.by_name[one.parent]
        return one.parent is not None and one.parent.startswith("A")

    def check_property(self, one, line, specifiers, declaration, access):
        match = re.match(r"(.*?[\s*&>])(\w+)(\[\w+\])?\s*(=.*)?$", declaration)
        if not match:
            self.fault(one, line, f"a property that cannot be read: {declaration}")
            return declaration
        ty, name, initial = match.group(1).strip(), match.group(2), match.group(4)
        exposed = re.search(r"Blueprint(ReadOnly|ReadWrite)", specifiers)
        if exposed and (not self.is_for_blueprint(ty) or match.group(3)):
            self.fault(one, line, f"Blueprint does not know the type of {name}: {ty}")
        if exposed and access == "private" and "AllowPrivateAccess" not in specifiers:
            self.fault(one, line, f"{name} is private and Blueprint is to see it")
        if re.search(r"Blueprint(ReadOnly|ReadWrite)|Edit\w+|Visible\w+", specifiers) and "Category" not in specifiers:
            self.fault(one, line, f"{name} needs a Category")
        plain = ty in NUMBERS | REFLECTED or ty in {"FVector", "FVector2D", "FVector4", "FQuat", "FIntPoint", "FIntVector"}
        plain = plain or (ty in self.by_name and self.by_name[ty].kind == "UENUM")
        if plain and not initial:
            self.fault(one, line, f"{name} begins with nothing: give it a value")
        return name

    def check_function(self, one, line, specifiers, declaration, _access):
        match = re.match(r"((?:static|virtual)\s+)*(.*?[\s*&>])(\w+)\s*\((.*)\)", declaration)
        if not match:
            self.fault(one, line, f"a function that cannot be read: {declaration}")
            return declaration
        result, name, parameters = match.group(2).strip(), match.group(3), match.group(4)
        for parameter in split_commas(parameters):
            if not re.match(r".*[\s*&>]\w+\s*(=.*)?$", re.sub(r"<[^>]*>", "<>", parameter)) or re.fullmatch(r"(const\s+)?\w+\s*[&*]?", parameter):
                self.fault(one, line, f"a parameter of {name} has no name: {parameter}")
        if not re.search(r"Blueprint(Callable|Pure)", specifiers):
            return name
        if "Category" not in specifiers:
            self.fault(one, line, f"{name} needs a Category")
        if result != "void" and not self.is_for_blueprint(result):
            self.fault(one, line, f"Blueprint does not know what {name} returns: {result}")
        for parameter in split_commas(parameters):
            split = re.match(r"(.*?[\s*&>])(\w+)\s*(=.*)?$", parameter)
            if not split or not self.is_for_blueprint(split.group(1)):
                self.fault(one, line, f"Blueprint does not know a parameter of {name}: {parameter}")
        return name


def check_includes(path, text, has_types, faults):
    includes = re.findall(r'^#include\s+["<]([^">]+)[">]', text, re.M)
    wanted = f"{path.stem}.generated.h"
    if not has_types:
        if wanted in includes:
            faults.append(f"{path}:1: includes {wanted} and declares nothing for it")
        return
    if wanted not in includes:
        faults.append(f"{path}:1: must include {wanted}")
    elif includes[-1] != wanted:
        faults.append(f"{path}:1: {wanted} must be the last include")


def check_bindings(path, text, checker):
    """AddDynamic finds its function by name, so that must be a UFUNCTION."""
    for match in re.finditer(r"(?:Add|Remove)Dynamic\([^,]+,\s*&(\w+)::(\w+)\)", text):
        one = checker.by_name.get(match.group(1))
        marked = one and re.search(rf"UFUNCTION\([^)]*\)\s*[\w\s*&<>:]*\b{match.group(2)}\s*\(", one.body[0])
        if not marked:
            checker.faults.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(2)} must be a UFUNCTION")


def generated(path, types):
    """What GENERATED_BODY() stands for in the stand-in engine, per line as UnrealHeaderTool does."""
    file_id = "FID_" + re.sub(r"\W", "_", path.stem) + "_"
    out = ["#undef CURRENT_FILE_ID", f"#define CURRENT_FILE_ID {file_id}"]
    for one in types:
        if one.kind == "UENUM":
            continue
        at = one.body[0].find("GENERATED_BODY()")
        line = one.body_line + one.body[0].count("\n", 0, max(at, 0))
        define = f"#define {file_id}{line}_GENERATED_BODY"
        if one.kind == "USTRUCT":
            out.append(define)
            continue
        adds = "".join(f" References.Add(this->{name});" for name in property_names(one))
        out.append(
            f"{define} public: using Super = {one.parent}; using ThisClass = {one.name}; "
            f'static UClass* StaticClass() {{ static UClass Of(TEXT("{one.name[1:]}"), Super::StaticClass(), &StandIn::MakeOf<{one.name}>); '
            f"return &Of; }} "
            f"virtual void StandInReferences(StandIn::FReferences& References) override {{ Super::StandInReferences(References);{adds} }} private:"
        )
    return "\n".join(out) + "\n"


def property_names(one):
    for match in re.finditer(r"^[ \t]*UPROPERTY\(", one.body[0], re.M):
        end = closing(one.body[0], match.end() - 1, "()")
        declaration = one.body[0][end:one.body[0].index(";", end)]
        yield re.search(r"(\w+)\s*(?:\[\w+\])?\s*(?:=.*)?$", " ".join(declaration.split())).group(1)


def main():
    out, folders = Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]]
    out.mkdir(parents=True, exist_ok=True)
    headers = sorted(header for folder in folders for header in folder.rglob("*.h"))
    faults, everything, per_header = [], [], {}
    for header in headers:
        text = header.read_text()
        if "GENERATED_BODY" not in text and not MACRO.search(without_comments(text)):
            check_includes(header, text, False, faults)
            continue
        types = list(types_of(header, text))
        for one in types:
            one.delegates = set(re.findall(r"DECLARE_DYNAMIC_MULTICAST_DELEGATE\w*\(\s*(\w+)", text))
        check_includes(header, text, True, faults)
        per_header[header] = types
        everything.extend(types)
    checker = Checker(everything)
    checker.check_all()
    for folder in folders:
        for source in sorted(list(folder.rglob("*.cpp")) + list(folder.rglob("*.h"))):
            check_bindings(source, source.read_text(), checker)
    for header, types in per_header.items():
        (out / f"{header.stem}.generated.h").write_text(generated(header, types))
    faults.extend(checker.faults)
    for fault in faults:
        print(fault)
    if not faults:
        print(f"header tool: {len(everything)} types in {len(per_header)} headers are as UnrealHeaderTool wants them")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
