import java.io.*;
import java.nio.file.*;
import java.util.*;

/** Prints a line for each case in a file: what Properties makes of it. A case is its length in four bytes, and its bytes. */
class Props {
    public static void main(String[] arguments) throws IOException {
        DataInputStream cases = new DataInputStream(new ByteArrayInputStream(Files.readAllBytes(Path.of(arguments[0]))));
        StringBuilder out = new StringBuilder();
        while (cases.available() > 0) {
            byte[] bytes = cases.readNBytes(cases.readInt());
            Properties properties = new Properties();
            try {
                properties.load(new ByteArrayInputStream(bytes));
                for (String key : new TreeSet<>(properties.stringPropertyNames())) {
                    out.append(hexadecimal(key)).append('=').append(hexadecimal(properties.getProperty(key))).append(';');
                }
            } catch (IllegalArgumentException malformed) {
                out.append("malformed");
            }
            out.append('\n');
        }
        System.out.print(out);
    }

    private static String hexadecimal(String text) {
        StringBuilder digits = new StringBuilder();
        for (char unit : text.toCharArray()) {
            digits.append(String.format("%04x", (int) unit));
        }
        return digits.toString();
    }
}
