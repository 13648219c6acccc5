// Writes a conformant benchfmt package from docs/specification.md alone: no library, no benchfmt.
// Usage: java WritePackage.java OUT        (JDK 17 or newer)

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

public class WritePackage {
    /** A table: its columns as name:type, and its rows; null is an absent cell. */
    record Table(String name, List<String> columns, List<List<Object>> rows) {
        String csv() {
            Stream<List<Object>> head = Stream.of(columns.stream().map(c -> (Object) c.split(":")[0]).toList());
            return Stream.concat(head, rows.stream())
                    .map(row -> row.stream().map(Table::cell).collect(Collectors.joining(",")) + "\n")
                    .collect(Collectors.joining());
        }

        // Section 5.6: quote what holds a comma, a quote or a line end; an empty cell is absent.
        static String cell(Object value) {
            String text = value == null ? "" : value.toString();
            return text.matches("(?s).*[\",\r\n].*") ? "\"" + text.replace("\"", "\"\"") + "\"" : text;
        }

        String fields() {
            return columns.stream()
                    .map(c -> c.split(":"))
                    .map(c -> "{\"name\": \"%s\", \"type\": \"%s\"}".formatted(c[0], c[1]))
                    .collect(Collectors.joining(",\n        "));
        }
    }

    /** What a solver printed: algorithm, instances solved, seconds, and the peak memory in MB. */
    record Run(String algorithm, int scenarios, String seconds, String megabytes) {}

    public static void main(String[] arguments) throws IOException, NoSuchAlgorithmException {
        if (arguments.length != 1) {
            System.err.println("usage: java WritePackage.java OUT");
            System.exit(2);
        }
        List<Run> runs = List.of(
                new Run("greedy", 10, "0.84", "61.5"),
                new Run("greedy", 50, "4.02", "63.9"),
                new Run("look-ahead, 2 steps", 10, "3.37", "88.0"));

        var systems = new Table("systems", List.of("id:string", "name:string", "kind:string", "processor_count:integer",
                "processor_cores:integer", "processor_clock_hz:number"), List.of(
                List.of("office-server", "Server in the office", "server", 2, 16, "2.4e9")));
        var records = new Table("records", List.of("id:string", "suite:string", "task:string", "model:string",
                "system_id:string", "hyperparameters:object", "status:string"), new ArrayList<>());
        var measurements = new Table("measurements", List.of("record_id:string", "metric:string", "statistic:string",
                "stage:string", "per:string", "scope:string", "value:number", "unit:string", "basis:string",
                "primary:boolean", "reported_value:string", "reported_unit:string"), new ArrayList<>());

        for (int index = 0; index < runs.size(); index++) {
            Run run = runs.get(index);
            String id = "run-" + (index + 1); // any text that is unique in the package (section 4)
            records.rows().add(List.of(id, "planner:speed", "planner:scheduling", run.algorithm(), "office-server",
                    "{\"scenarios\":%d}".formatted(run.scenarios()), "ok"));
            measurements.rows().add(row(id, "duration", null, "solve", "run", null,
                    Double.valueOf(run.seconds()), "s", "measured", true, run.seconds(), "s"));
            // A shifted exponent gives the nearest double: 61.5 MB is 61.5e6 bytes (section 3.4).
            measurements.rows().add(row(id, "memory", "max", null, null, "process",
                    Double.valueOf(run.megabytes() + "e6"), "By", "measured", null, run.megabytes(), "MBy"));
        }

        Path out = Path.of(arguments[0]);
        Files.createDirectories(out);
        List<String> resources = new ArrayList<>();
        for (Table table : List.of(systems, records, measurements)) {
            byte[] bytes = table.csv().getBytes(StandardCharsets.UTF_8);
            Files.write(out.resolve(table.name() + ".csv"), bytes);
            String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            resources.add("""
                    {
                      "name": "%s",
                      "path": "%s.csv",
                      "format": "csv",
                      "mediatype": "text/csv",
                      "encoding": "utf-8",
                      "bytes": %d,
                      "hash": "sha256:%s",
                      "schema": {"fields": [
                        %s
                      ]}
                    }""".formatted(table.name(), table.name(), bytes.length, hash, table.fields()));
        }
        Files.writeString(out.resolve("datapackage.json"), """
                {
                  "$schema": "https://w3id.org/benchfmt/1.0/package.schema.json",
                  "name": "planner-speed",
                  "title": "Three runs of a planner, written by Java",
                  "benchfmt": {
                    "version": "1.0",
                    "vocabulary": "1.0",
                    "prefixes": {"planner": {"title": "Planner", "definition": "Terms of a planner's own benchmark."}}
                  },
                  "resources": [%s]
                }
                """.formatted(String.join(",", resources)));
        System.out.printf("%s: %d records, %d measurements%n", out, records.rows().size(), measurements.rows().size());
    }

    private static List<Object> row(Object... cells) {
        return java.util.Arrays.asList(cells);
    }
}
