#!/usr/bin/env bash
# Wheel, source distribution, CycloneDX list of components and checksums, in dist/.
#
# .tools has what is in requirements/release.txt, .venv what is in requirements/deploy.txt. Nothing
# is fetched here. The wheel is the same byte for byte whoever builds the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build dist
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
.tools/bin/python -m build --no-isolation --outdir dist .
.venv/bin/pip install --no-index --no-deps --quiet dist/*.whl
name=$(basename dist/*.tar.gz .tar.gz)
.tools/bin/cyclonedx-py environment --output-reproducible --output-format JSON \
  --output-file "dist/$name.cdx.json" .venv/bin/python
cd dist
sha256sum -- * > SHA256SUMS
