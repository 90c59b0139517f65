# Makes what the compile and run commands of java start from. Each AOT cache is valid for exactly the flags and the class path
# (or a longer one) that it was recorded with.
set -e
here=/opt/runyard/languages/java
mkdir /tmp/compile
javac -d /tmp/compile "$here/Compile.java"
jar --create --file "$here/compile.jar" -C /tmp/compile .
cd /tmp
java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:AOTCacheOutput="$here/compile.aot" -cp "$here/compile.jar" Compile "$here/Training.java"
mv main.jar "$here/training.jar"
echo '1 2 3' | java -XX:+UseSerialGC -XX:AOTCacheOutput="$here/run.aot" -cp "$here/training.jar" runyard.Training
# Only jlink reads these.
rm -rf /usr/lib/jvm/java-25-openjdk-*/jmods
