#!/bin/sh
# Makes goldens.txt with a real Apache Spark.
#
# Everything that is fetched or compiled lives in the cache folder, outside the
# source tree: CERIUM_CACHE, or ~/.cache/cerium.  Needs python3 with venv and a
# Java 17 JDK.
set -eu

# One exact version, so that the same goldens come out everywhere.
version=3.5.9

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
venv=${CERIUM_CACHE:-$HOME/.cache/cerium}/pyspark-3.5
out=${1:-$here/goldens.txt}

if ! "$venv/bin/python" -c "import pyspark; assert pyspark.__version__ == '$version'" 2>/dev/null
then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet "pyspark==$version"
fi

spark=$("$venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
classes=$venv/oracle-classes
rm -rf "$classes"
mkdir -p "$classes"
javac -nowarn -proc:none -cp "$spark/jars/*" -d "$classes" "$here/OracleFunctions.java"

# The goldens must not depend on the settings of whoever runs this.
unset SPARK_HOME SPARK_CONF_DIR PYSPARK_SUBMIT_ARGS HADOOP_CONF_DIR JAVA_TOOL_OPTIONS
export LC_ALL=C.UTF-8 SPARK_LOCAL_IP=127.0.0.1

"$venv/bin/python" "$here/spark_goldens.py" "$classes" "$out"
