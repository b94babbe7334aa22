"""What the processor can do: `openssl speed` on long messages, as seconds per block of 64 bytes (a candidate is one)."""

import re
import shutil
import subprocess
import sys

import measure

if not shutil.which("openssl"):
    measure.report([], note="absent: openssl is not installed")
    sys.exit()
quick, _ = measure.arguments()
samples = []
for _ in range(1 if quick else 3):
    command = ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bytes_a_second = float(re.search(r"^\+F:\d+:sha256:([\d.]+)", output, re.M | re.I).group(1))
    samples.append(64 / bytes_a_second)
measure.report(samples)
