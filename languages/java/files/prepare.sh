# Makes what the compile and run commands of java start from. Each AOT cache is valid for exactly the flags and the class path
# (or a longer one) that it was recorded with.
set -e
here=/opt/runyard/languages/java
mkdir /tmp/compile /tmp/training
javac -d /tmp/compile "$here/Compile.java"
jar --create --file "$here/compile.jar" -C /tmp/compile .
cd /tmp
java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:AOTCacheOutput="$here/compile.aot" -cp "$here/compile.jar" Compile "$here/Training.java"
# The class path of a run begins with these classes, and the first of a name wins. So they get a name, of the same length, that
# no Java source can spell: submitted classes of any name are the ones that run.
cd /tmp/training
jar --extract --file /tmp/main.jar
mv runyard run-ard
LC_ALL=C sed -i 's|runyard/Training|run-ard/Training|g' run-ard/*.class
jar --create --no-compress --no-manifest --file "$here/training.jar" run-ard
echo '1 2 3' | java -XX:+UseSerialGC -XX:AOTCacheOutput="$here/run.aot" -cp "$here/training.jar" run-ard.Training
# Only jlink reads these.
rm -rf /usr/lib/jvm/java-25-openjdk-*/jmods
