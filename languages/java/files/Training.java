package runyard;

import java.io.*;
import java.util.*;
import java.util.function.*;
import java.util.stream.*;

/** What programs commonly use: the AOT caches of compiler and runtime are recorded while this is compiled and run. */
public class Training {
  sealed interface Shape permits Circle, Square {}

  record Circle(double radius) implements Shape {}

  record Square(double side) implements Shape {}

  enum Colour { RED, GREEN; Colour next() { return values()[(ordinal() + 1) % values().length]; } }

  static abstract class Node<T extends Comparable<T>> {
    protected final T value;
    Node<T> left, right;

    Node(T value) { this.value = value; }

    abstract int size();
  }

  static double area(Shape shape) {
    return switch (shape) {
      case Circle c -> Math.PI * c.radius() * c.radius();
      case Square(double side) -> side * side;
    };
  }

  static <K, V extends Comparable<V>> List<Map.Entry<K, V>> byValue(Map<K, V> map) {
    return map.entrySet().stream().sorted(Map.Entry.comparingByValue()).collect(Collectors.toList());
  }

  public static void main(String[] args) throws IOException {
    var reader = new BufferedReader(new InputStreamReader(System.in));
    StringBuilder text = new StringBuilder();
    for (String line; (line = reader.readLine()) != null; ) {
      StringTokenizer words = new StringTokenizer(line);
      while (words.hasMoreTokens()) text.append(words.nextToken()).append(' ');
    }
    Scanner scanner = new Scanner(text.toString());
    List<Integer> numbers = new ArrayList<>();
    while (scanner.hasNextInt()) numbers.add(scanner.nextInt());
    int[] array = numbers.stream().mapToInt(Integer::intValue).toArray();
    Arrays.sort(array);
    Map<String, Integer> counts = new TreeMap<>();
    Map<Integer, List<String>> groups = new HashMap<>();
    for (int i = 0; i < array.length; i++) {
      counts.merge("k" + i % 3, array[i], Integer::sum);
      groups.computeIfAbsent(i, key -> new LinkedList<>()).add("v");
    }
    Deque<int[]> queue = new ArrayDeque<>();
    PriorityQueue<Long> heap = new PriorityQueue<>(Comparator.reverseOrder());
    queue.add(new int[] {1, 2});
    while (!queue.isEmpty()) heap.add((long) queue.poll()[0]);
    Function<Integer, Integer> twice = x -> x * 2;
    BiFunction<Integer, Integer, Integer> sum = Integer::sum;
    Supplier<Node<String>> supplier = () -> new Node<>("x") { int size() { return 1; } };
    try {
      long[][] grid = new long[3][4];
      grid[1][2] = 5L << 3;
      Object value = grid.length > 2 ? "text" : Integer.valueOf(3);
      if (value instanceof String s && !s.isEmpty()) System.out.println(s.formatted());
      throw new IllegalStateException("x");
    } catch (IllegalStateException | NullPointerException error) {
      System.err.println(error.getMessage());
    } finally {
      System.out.printf("%d %.2f %s%n", sum.apply(1, twice.apply(2)), area(new Circle(1)), Colour.RED.next());
    }
    String block = """
        several
        lines
        """;
    label:
    for (char c : block.toCharArray()) {
      do {
        if (c == 'a') continue label;
        c++;
      } while (c < 'z');
    }
    System.out.println(counts + " " + groups + " " + byValue(counts) + supplier.get().size() + " "
        + IntStream.rangeClosed(1, 5).boxed().map(String::valueOf).collect(Collectors.joining(",", "[", "]")));
    Optional.of(heap.size()).ifPresent(System.out::println);
    new Thread(() -> System.out.println("thread")).start();
  }
}
