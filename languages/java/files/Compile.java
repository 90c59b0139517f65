import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;

/**
 * javac for one source file whose public classes and package may have any name, as the source launcher of java allows. Writes
 * main.jar and, to main.args, the name of the class to start. Messages are javac's own; exit code 1 after an error.
 *
 * <p>One process does what javac, a search for the main class and jar would do in three, and it starts from an AOT cache.
 */
public final class Compile {
  public static void main(String[] args) throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    var mainClass = new MainClass();
    boolean isDone;
    try (var files = compiler.getStandardFileManager(null, null, null);
        var jar = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of("main.jar"))))) {
      jar.setLevel(0);
      // Else it is our own class path: what is in it would be found here and missing at run time.
      files.setLocation(StandardLocation.CLASS_PATH, List.of());
      var sources = new ArrayList<JavaFileObject>();
      for (var source : files.getJavaFileObjects(args)) sources.add(new AnyName(source));
      // No annotation processing: it would run submitted code inside the compiler.
      var options = List.of("-proc:none");
      var task = (JavacTask) compiler.getTask(null, new JarOutput(files, jar), null, options, null, sources);
      task.addTaskListener(mainClass);
      isDone = task.call();
      // An archive without any entry could not be closed.
      jar.putNextEntry(new ZipEntry("META-INF/"));
    }
    if (isDone && mainClass.name.isEmpty()) System.err.println(args[0] + ": error: there is no class in it");
    if (!isDone || mainClass.name.isEmpty()) System.exit(1);
    Files.writeString(Path.of("main.args"), mainClass.name);
  }

  /** A class with a static main goes before one with another main, then a public one, then the first of the file. */
  private static final class MainClass implements TaskListener {
    String name = "";
    private int rank = 0;

    @Override
    public void finished(TaskEvent event) {
      TypeElement type = event.getTypeElement();
      if (event.getKind() != TaskEvent.Kind.ANALYZE || type == null || type.getNestingKind().isNested()) return;
      int rankOfType = rankOf(type);
      if (rankOfType <= rank) return;
      rank = rankOfType;
      name = type.getQualifiedName().toString();
    }

    private static int rankOf(TypeElement type) {
      int rank = type.getModifiers().contains(Modifier.PUBLIC) ? 2 : 1;
      for (Element member : type.getEnclosedElements()) {
        if (member.getKind() != ElementKind.METHOD || !member.getSimpleName().contentEquals("main")) continue;
        rank = Math.max(rank, member.getModifiers().contains(Modifier.STATIC) ? 4 : 3);
      }
      return rank;
    }
  }

  private static final class AnyName extends ForwardingJavaFileObject<JavaFileObject> {
    AnyName(JavaFileObject source) {
      super(source);
    }

    @Override
    public boolean isNameCompatible(String simpleName, Kind kind) {
      return true;
    }
  }

  private static final class JarOutput extends ForwardingJavaFileManager<JavaFileManager> {
    private final ZipOutputStream jar;

    JarOutput(JavaFileManager files, ZipOutputStream jar) {
      super(files);
      this.jar = jar;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new ClassEntry(className.replace('.', '/') + kind.extension, kind, jar);
    }
  }

  private static final class ClassEntry extends SimpleJavaFileObject {
    private final String path;
    private final ZipOutputStream jar;

    ClassEntry(String path, Kind kind, ZipOutputStream jar) {
      super(Path.of(path).toUri(), kind);
      this.path = path;
      this.jar = jar;
    }

    @Override
    public OutputStream openOutputStream() {
      return new ByteArrayOutputStream() {
        @Override
        public void close() throws IOException {
          jar.putNextEntry(new ZipEntry(path));
          writeTo(jar);
          jar.closeEntry();
        }
      };
    }
  }
}
