import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.MatchingQueries;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorConfiguration;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.monitor.MultipassTermFilteredPresearcher;
import org.apache.lucene.monitor.Presearcher;
import org.apache.lucene.monitor.QueryMatch;
import org.apache.lucene.monitor.TermFilteredPresearcher;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.spans.SpanNearQuery;
import org.apache.lucene.search.spans.SpanNotQuery;
import org.apache.lucene.search.spans.SpanOrQuery;
import org.apache.lucene.search.spans.SpanQuery;
import org.apache.lucene.search.spans.SpanTermQuery;

/**
 * Measures Lucene's Monitor on the rules and articles of bench/matching.py.
 *
 * <p>Its analysis does what ours does, and no more: possessives, case, accents and plurals.
 *
 * <p>Arguments: rules (kind and words, split by tabs), articles (title and text, split by a tab),
 * where to write the numbers of the rules that hold, a line an article, and "term" or "multipass".
 * Prints: seconds of CPU to build, µs of CPU an article (the best of two passes, after one to warm
 * up), MB of heap.
 */
public final class LuceneMonitor {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private LuceneMonitor() {}

  public static void main(String[] args) throws IOException {
    Analyzer analyzer =
        new Analyzer() {
          @Override
          protected TokenStreamComponents createComponents(String field) {
            StandardTokenizer words = new StandardTokenizer();
            TokenStream folded = new LowerCaseFilter(new EnglishPossessiveFilter(words));
            return new TokenStreamComponents(
                words, new EnglishMinimalStemFilter(new ASCIIFoldingFilter(folded)));
          }

          @Override
          public int getPositionIncrementGap(String field) {
            return 1_000;
          }
        };
    Presearcher presearcher =
        args[3].equals("multipass")
            ? new MultipassTermFilteredPresearcher(2)
            : new TermFilteredPresearcher();
    long began = THREADS.getCurrentThreadCpuTime();
    try (Monitor monitor = new Monitor(analyzer, presearcher, new MonitorConfiguration())) {
      register(monitor, Path.of(args[0]));
      double building = (THREADS.getCurrentThreadCpuTime() - began) / 1e9;
      List<Document> articles = articles(Path.of(args[1]));
      double best = Double.MAX_VALUE;
      for (int pass = 0; pass < 3; pass++) {
        long start = THREADS.getCurrentThreadCpuTime();
        for (Document article : articles) {
          monitor.match(article, QueryMatch.SIMPLE_MATCHER);
        }
        double took = (THREADS.getCurrentThreadCpuTime() - start) / 1e3 / articles.size();
        best = pass == 0 ? best : Math.min(best, took);
      }
      write(monitor, articles, Path.of(args[2]));
      System.gc();
      Runtime machine = Runtime.getRuntime();
      double heap = (machine.totalMemory() - machine.freeMemory()) / 1e6;
      System.out.printf("%.3f %.1f %.0f%n", building, best, heap);
    }
  }

  private static void register(Monitor monitor, Path rules) throws IOException {
    List<MonitorQuery> batch = new ArrayList<>();
    int number = 0;
    try (BufferedReader lines = Files.newBufferedReader(rules, StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        batch.add(new MonitorQuery(Integer.toString(number++), query(line.split("\t"))));
        if (batch.size() == 10_000) {
          monitor.register(batch);
          batch.clear();
        }
      }
    }
    monitor.register(batch);
  }

  private static List<Document> articles(Path path) throws IOException {
    List<Document> made = new ArrayList<>();
    for (String line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
      String[] parts = line.split("\t", -1);
      Document article = new Document();
      article.add(new TextField("title", parts[0], Field.Store.NO));
      article.add(new TextField("text", parts[0], Field.Store.NO));
      article.add(new TextField("text", parts[1], Field.Store.NO));
      made.add(article);
    }
    return made;
  }

  private static void write(Monitor monitor, List<Document> articles, Path path)
      throws IOException {
    try (PrintWriter out = new PrintWriter(path.toFile(), StandardCharsets.UTF_8)) {
      for (Document article : articles) {
        MatchingQueries<QueryMatch> found = monitor.match(article, QueryMatch.SIMPLE_MATCHER);
        TreeSet<Integer> rules = new TreeSet<>();
        for (QueryMatch match : found.getMatches()) {
          rules.add(Integer.parseInt(match.getQueryId()));
        }
        StringBuilder line = new StringBuilder();
        for (int rule : rules) {
          line.append(line.length() == 0 ? "" : " ").append(rule);
        }
        out.println(line);
      }
    }
  }

  private static Query query(String[] rule) {
    switch (rule[0]) {
      case "word":
        return word(rule[1]);
      case "phrase":
        return phrase(rule[1], rule[2]);
      case "and":
        return all(word(rule[1]), word(rule[2]));
      case "or":
        return any(word(rule[1]), word(rule[2]), word(rule[3]));
      case "near":
        return SpanNearQuery.newUnorderedNearQuery("text")
            .addClause(span(rule[1]))
            .addClause(new SpanOrQuery(span(rule[2]), span(rule[3])))
            .setSlop(7)
            .build();
      case "not":
        return new BooleanQuery.Builder()
            .add(phrase(rule[1], rule[2]), Occur.MUST)
            .add(word(rule[3]), Occur.MUST_NOT)
            .build();
      case "title":
        return new TermQuery(new Term("title", rule[1]));
      case "group":
        return all(any(word(rule[1]), phrase(rule[2], rule[3])), word(rule[4]));
      case "except":
        return new SpanNotQuery(
            span(rule[1]),
            SpanNearQuery.newOrderedNearQuery("text")
                .addClause(span(rule[2]))
                .addClause(span(rule[3]))
                .build());
      default:
        throw new IllegalArgumentException(rule[0]);
    }
  }

  private static Query word(String text) {
    return new TermQuery(new Term("text", text));
  }

  private static SpanQuery span(String text) {
    return new SpanTermQuery(new Term("text", text));
  }

  private static Query phrase(String first, String second) {
    return new PhraseQuery("text", first, second);
  }

  private static Query all(Query... parts) {
    BooleanQuery.Builder built = new BooleanQuery.Builder();
    for (Query part : parts) {
      built.add(part, Occur.MUST);
    }
    return built.build();
  }

  private static Query any(Query... parts) {
    BooleanQuery.Builder built = new BooleanQuery.Builder();
    for (Query part : parts) {
      built.add(part, Occur.SHOULD);
    }
    return built.build();
  }
}
