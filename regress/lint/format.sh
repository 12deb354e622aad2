#!/bin/bash
# Every .c and .h reads as .clang-format says.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
clang-format-14 --dry-run -Werror {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.[ch] regress/*.[ch] regress/*/*.[ch]
