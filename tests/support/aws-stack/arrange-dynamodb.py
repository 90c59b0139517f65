"""Arranges DynamoDB Local's jars as LocalStack's own installer would have, so that it downloads nothing when it runs DynamoDB.

Argument: the folder `libs` of the layer, whose `dynamodb-local/2/DynamoDBLocal_lib` holds the jars.
"""

import glob
import os
import shutil
import sys
import zipfile

libs = sys.argv[1]
folder = os.path.join(libs, "dynamodb-local/2")
jar_folder = os.path.join(folder, "DynamoDBLocal_lib")


def wrap(line: str) -> str:
    """A line of a manifest has 72 bytes at most; those that go on start with a space."""
    rest = range(70, len(line), 69)
    return "\r\n ".join([line[:70]] + [line[at : at + 69] for at in rest]) + "\r\n"


names = sorted(name for name in os.listdir(jar_folder) if name.endswith(".jar"))
manifest = [
    "Manifest-Version: 1.0",
    "Main-Class: com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
    "Class-Path: " + " ".join("DynamoDBLocal_lib/" + name for name in names),
]
with zipfile.ZipFile(os.path.join(folder, "DynamoDBLocal.jar"), "w") as jar:
    jar.writestr("META-INF/MANIFEST.MF", "".join(wrap(line) for line in manifest) + "\r\n")

# LocalStack's agent lifts a limit that we do not reach. Byte Buddy's does nothing by itself.
(agent,) = glob.glob(os.path.join(jar_folder, "byte-buddy-agent-*.jar"))
shutil.copyfile(agent, os.path.join(folder, "ddb-local-loader-0.1.jar"))

(java_home,) = glob.glob("/usr/lib/jvm/java-21-openjdk-*")
os.makedirs(os.path.join(libs, "java"), exist_ok=True)
os.symlink(java_home, os.path.join(libs, "java/21"))
