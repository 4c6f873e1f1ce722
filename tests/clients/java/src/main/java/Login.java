import com.aliyun.odps.Odps;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.Project;
import com.aliyun.odps.Table;
import com.aliyun.odps.account.Account;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.account.BearerTokenAccount;
import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Signs in as a user of the Java SDK would, and reports each step's result or error: one JSON object on standard
 * output, of the shape that pyodps/login.py writes.
 *
 * <p>From the environment: ENDPOINT, ACCESS_ID, ACCESS_KEY, PROJECT; REGION to sign in version 4.
 */
public class Login {
    private static final String PROJECT = System.getenv("PROJECT");
    private static final Map<String, Object> STEPS = new LinkedHashMap<>();

    public static void main(String[] arguments) {
        String region = System.getenv().getOrDefault("REGION", "");
        Odps odps = step("constructor", () -> {
            String id = System.getenv("ACCESS_ID");
            String secret = System.getenv("ACCESS_KEY");
            return open(region.isEmpty() ? new AliyunAccount(id, secret) : new AliyunAccount(id, secret, region));
        });
        if (odps != null) {
            STEPS.put("constructor", Map.of("result", Map.of("project", odps.getDefaultProject(), "region", region)));
            signIn(odps);
        }
        System.out.println(new GsonBuilder().serializeNulls().create().toJson(Map.of("steps", STEPS)));
        // Threads of the SDK may be left.
        System.exit(0);
    }

    private static void signIn(Odps odps) {
        step("exist_project", () -> odps.projects().exists(PROJECT));
        step("exist_missing_project", () -> odps.projects().exists(PROJECT + "_missing"));
        step("reload", () -> {
            Project found = odps.projects().get(PROJECT);
            found.reload();
            return Map.of(
                    "name", found.getName(),
                    "owner", found.getOwner(),
                    "creation_time", found.getCreatedTime().toInstant().toString());
        });
        step("list_projects", () -> {
            List<String> names = new ArrayList<>();
            for (Project found : odps.projects().iterable(null)) {
                names.add(found.getName());
            }
            return names;
        });
        step("whoami", () -> odps.projects().get().getSecurityManager().runQuery("whoami", true));
        step("list_tables", () -> {
            List<String> names = new ArrayList<>();
            for (Table table : odps.tables()) {
                names.add(table.getName());
            }
            return names;
        });
        String token = step("generate_auth_token", () -> {
            String policy = "{\"expires_in_hours\":1,\"policy\":{\"Version\":\"1\",\"Statement\":[{"
                    + "\"Action\":[\"odps:Read\"],\"Effect\":\"Allow\","
                    + "\"Resource\":\"acs:odps:*:projects/" + PROJECT + "\"}]}}";
            return odps.projects().get().getSecurityManager().generateAuthorizationToken(policy, "bearer");
        });
        if (token != null) {
            // The token signs nothing: a second client sends it in the place of a signature.
            step("bearer_exist_project", () -> open(new BearerTokenAccount(token)).projects().exists(PROJECT));
        }
    }

    private static Odps open(Account account) {
        Odps odps = new Odps(account);
        odps.setEndpoint(System.getenv("ENDPOINT"));
        odps.setDefaultProject(PROJECT);
        // What cannot be read is to be reported, not to be tried again for minutes.
        odps.getRestClient().setRetryTimes(0);
        return odps;
    }

    /** Calls, notes {"result": …} or {"error": …}, and gives the result or null. */
    private static <T> T step(String name, Callable<T> call) {
        try {
            T result = call.call();
            STEPS.put(name, Map.of("result", result));
            return result;
        } catch (Exception failed) {
            STEPS.put(name, Map.of("error", describe(failed)));
            return null;
        }
    }

    /** What a program can see of an exception: its class, and for an answer of the server its code, text and status. */
    private static Map<String, Object> describe(Exception failed) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("class", failed.getClass().getSimpleName());
        error.put("message", failed.getMessage());
        // Iterators cannot throw the SDK's exception, and wrap it.
        Throwable cause = failed;
        while (cause != null && !(cause instanceof OdpsException)) {
            cause = cause.getCause();
        }
        if (cause != null) {
            OdpsException refused = (OdpsException) cause;
            error.put("code", refused.getErrorCode());
            error.put("status", refused.getStatus());
            error.put("request_id", refused.getRequestId());
        }
        return error;
    }
}
