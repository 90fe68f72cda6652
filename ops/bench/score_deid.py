"""Score a de-identification tool on synthetic identities planted in real headers.

    python ops/bench/score_deid.py --rules basic
    python ops/bench/score_deid.py --command 'python -m dicognito -o {out} {in}' --profile basic
    python ops/bench/score_deid.py --baseline noop

Two numbers and their harmonic mean: privacy (what had to go and went) and utility (what had to
stay and stayed). A withheld object is no leak, and all of its utility is lost.
Exit codes: 0 scored, 1 below ``--fail-under-privacy``, 2 the tool or the data is missing.
"""

import json
import secrets
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # started as a script
    sys.path.append(str(ROOT))

from ops.bench.identities.corpus import Corpus, generate  # noqa: E402
from ops.bench.identities.key import write_key  # noqa: E402
from ops.bench.identities.standard import Profile, read_standard  # noqa: E402
from ops.bench.identities.work import Kind, lenient  # noqa: E402
from ops.bench.scoring import beside, summary, tools  # noqa: E402
from ops.bench.scoring.consistency import measure  # noqa: E402
from ops.bench.scoring.judge import Verdict, judge  # noqa: E402
from ops.bench.scoring.match import match, read_mapping  # noqa: E402


def arguments() -> ArgumentParser:
    """Return the command line."""
    parser = ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, help="of the identities; a fresh one is drawn")
    parser.add_argument("--objects", type=int, default=60)
    parser.add_argument("--size-limit-kb", type=int, default=400, help="of a source header's file")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    tool = parser.add_mutually_exclusive_group()
    tool.add_argument("--rules", default="basic", help="rule set of narthex: a name or a file")
    tool.add_argument("--command", help="another tool, with {in}, {out}, {mapping}")
    tool.add_argument("--baseline", choices=tools.BASELINES)
    parser.add_argument(
        "--profile",
        choices=list(Profile),
        type=Profile,
        help="column of the key; by default basic, and research for rules of that name",
    )
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        type=beside.Entry.parse,
        help="run this tool, too, and print one table; noop and delete-everything need no command",
    )
    parser.add_argument("--keep", type=Path, help="folder to keep in, out, key and mapping in")
    parser.add_argument("--generate-only", action="store_true")
    parser.add_argument("--json", type=Path, help="write the report here")
    parser.add_argument("--show", type=int, default=40, help="leaks and losses listed")
    parser.add_argument("--fail-under-privacy", type=float)
    parser.add_argument("--kinds", default="", help="kinds that count for --fail-under-privacy")
    return parser


def profile_of(options: Namespace) -> Profile:
    """Return the column of the key that the run is held against."""
    if options.profile is not None:
        return Profile(options.profile)
    ours = not options.command and not options.baseline
    return Profile.RESEARCH if ours and "research" in options.rules else Profile.BASIC


def run_tool(options: Namespace, folder: Path) -> int:
    """Run the tool over ``folder/in`` into ``folder/out``; return its exit code."""
    for name in ("out", "mapping"):
        (folder / name).mkdir(exist_ok=True)
    if options.baseline:
        return tools.run_baseline(options.baseline, folder / "in", folder / "out")
    if options.command:
        return tools.run_command(folder, template=options.command)
    return tools.run_narthex(folder, rules=options.rules)


def score_run(
    corpus: Corpus, folder: Path, *, profile: Profile, about: dict[str, object], shown: int
) -> tuple[dict[str, object], str, Verdict]:
    """Return the report as JSON and as a table, and the verdict behind them."""
    names = sorted(corpus.files)
    with lenient():
        found = match(
            corpus.folder, folder / "out", names=names, mapping=read_mapping(folder / "mapping")
        )
        verdict = judge(corpus.rows, found.pairs, subjects=corpus.subjects, profile=profile)
        consistency = measure(corpus.rows, corpus.folder, found.pairs, profile=profile)
    withheld = tools.withheld_reasons(folder / "report.jsonl")
    unexplained = len(names) - len(found.pairs) - withheld.total()
    if unexplained > 0:
        withheld["no output"] += unexplained
    about = {
        **about,
        "profile": str(profile),
        "objects": len(names),
        "released": len(found.pairs),
        "unmatched_outputs": len(found.extra),
    }
    data = summary.as_json(verdict, consistency, about=about, withheld=withheld, shown=shown)
    return data, summary.as_table(verdict, consistency, withheld=withheld), verdict


def show_failures(data: dict[str, object], name: str) -> None:
    """Print the listed leaks or losses, one a line."""
    lines = data[name]
    if isinstance(lines, list) and lines:
        print(f"\n{name}:")
        for line in lines:
            print("  {kind:<14} {file}  {path}  {why}  {value!r}  [{rule}]".format(**line))


def _score(options: Namespace, folder: Path) -> int:
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    standard = options.data / "standard"
    if not standard.is_dir():
        print(f"the tables of the standard are missing: {standard} (name them by --data)")
        return 2
    unknown = set(filter(None, options.kinds.split(","))) - set(Kind)
    if unknown:
        print(f"no such kind: {', '.join(sorted(unknown))}")
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "in").exists() or (folder / "out").exists():
        print(f"{folder} holds an earlier run: name an empty folder")
        return 2
    shared = options.data / "corpus"
    corpus = generate(
        folder / "in",
        seed=seed,
        standard=read_standard(standard),
        corpus=shared if shared.is_dir() else None,
        count=options.objects,
        size_limit_bytes=options.size_limit_kb * 1024,
    )
    write_key(corpus.rows, folder)
    print(f"{len(corpus.files)} objects, {len(corpus.subjects)} subjects, {len(corpus.rows)} rows")
    if options.generate_only:
        return 0
    exit_code = run_tool(options, folder)
    tool = options.baseline or options.command or f"narthex --rules {options.rules}"
    compared: list[dict[str, object]] = []
    about: dict[str, object] = {"seed": seed, "tool": tool, "tool_exit_code": exit_code}
    profile = profile_of(options)
    data, table, verdict = score_run(
        corpus, folder, profile=profile, about=about, shown=options.show
    )
    print(f"{tool} against the {profile} column (exit code {exit_code})\n{table}")
    verdicts = {"narthex" if tool.startswith("narthex ") else "scored": verdict}
    for entry in options.beside:
        own = beside.run_entry(entry, folder)
        result = score_run(corpus, own, profile=profile, about={"tool": entry.name}, shown=0)
        verdicts[entry.name] = result[2]
        compared.append(result[0])
    if options.beside:
        print("\n" + beside.as_table(verdicts))
        data["beside"] = compared
    show_failures(data, "leaks")
    show_failures(data, "lost")
    if options.json:
        options.json.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
    return _exit_code(options, folder, data, verdict)


def _exit_code(options: Namespace, folder: Path, data: dict[str, object], verdict: Verdict) -> int:
    if data["released"] == 0:
        said = (folder / tools.LOG).read_text(encoding="utf-8", errors="replace").splitlines()
        print("the tool released nothing; its last words:", *said[-3:], sep="\n")
        return 2
    if options.fail_under_privacy is None:
        return 0
    kinds = [kind for kind in options.kinds.split(",") if kind]
    reached = summary.privacy_of(verdict, kinds)
    print(f"privacy of {options.kinds or 'all kinds'}: {reached:.3f} %")
    return int(reached < options.fail_under_privacy)


def main() -> int:
    """Generate, run, judge and print."""
    options = arguments().parse_args()
    if options.keep:
        return _score(options, options.keep)
    with tempfile.TemporaryDirectory(prefix="score-deid-") as folder:
        return _score(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
