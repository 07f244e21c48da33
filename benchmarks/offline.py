"""asv's page without a network: the scripts that it takes from elsewhere are fetched once, and put beside it.

    asv publish && python benchmarks/offline.py .asv/html && python -m http.server -d .asv/html

`npm` fetches them, in the versions that asv's page names; all of them are under the MIT licence.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# How the address in asv's page ends -> the package of npm, and the file in it; flot and stupidtable come unminified.
FILES = {
    "jquery-3.3.1.min.js": ("jquery@3.3.1", "dist/jquery.min.js"),
    "jquery.flot.min.js": ("flot@0.8.3", "jquery.flot.js"),
    "jquery.flot.time.min.js": ("flot@0.8.3", "jquery.flot.time.js"),
    "jquery.flot.selection.min.js": ("flot@0.8.3", "jquery.flot.selection.js"),
    "jquery.flot.categories.min.js": ("flot@0.8.3", "jquery.flot.categories.js"),
    "jquery.flot.orderBars.js": ("flot-orderbars@1.0.0", "js/jquery.flot.orderBars.js"),
    "stupidtable.min.js": ("stupid-table-plugin@1.1.3", "stupidtable.min.js"),
    "md5.min.js": ("blueimp-md5@2.19.0", "js/md5.min.js"),
    "bootstrap.min.js": ("bootstrap@3.1.1", "dist/js/bootstrap.min.js"),
    "bootstrap.min.css": ("bootstrap@3.1.1", "dist/css/bootstrap.min.css"),
}
LOADED = re.compile(r'<(script|link)\b([^>]*?)(src|href)="https://[^"]*/([^"/]+)"([^>]*)>')


def rewritten(page: str) -> str:
    """The page with vendor/… for every address, without the checksums of what is no longer asked for.

    Raises LookupError for a script that is not in FILES.
    """

    def local(tag: re.Match[str]) -> str:
        kind, before, attribute, name, after = tag.groups()
        if name not in FILES:
            raise LookupError(f"asv's page loads {name}, but benchmarks/offline.py has no package for it")
        kept = re.sub(r' (integrity|crossorigin|referrerpolicy)="[^"]*"', "", after)
        return f'<{kind}{before}{attribute}="vendor/{name}"{kept}>'

    return LOADED.sub(local, page)


def fetch(vendor: Path) -> None:
    """Every file of FILES, by npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise LookupError("npm is not installed, which fetches the scripts of asv's page")
    vendor.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        packages = sorted({package for package, _ in FILES.values()})
        done = subprocess.run(  # noqa: S603
            [npm, "pack", "--silent", *packages], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LookupError(f"npm does not fetch them: {done.stderr.strip().partition(chr(10))[0]}")
        for name, (package, inside) in FILES.items():
            with tarfile.open(Path(folder) / f"{package.replace('@', '-')}.tgz") as packed:
                member = packed.extractfile(f"package/{inside}")
                if member is None:
                    raise LookupError(f"{package} holds no {inside}")
                _ = (vendor / name).write_bytes(member.read())


def main(html: Path) -> None:
    """Fetch, and rewrite index.html; a page that has been rewritten stays as it is."""
    index = html / "index.html"
    if not index.exists():
        sys.exit(f"{html} is no page of asv: it has no index.html")
    try:
        page = rewritten(index.read_text(encoding="utf-8"))
        fetch(html / "vendor")
    except (LookupError, KeyError) as error:
        sys.exit(str(error.args[0]))
    _ = index.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".asv/html"))
