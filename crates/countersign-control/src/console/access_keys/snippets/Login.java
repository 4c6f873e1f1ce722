// com.aliyun.odps:odps-sdk-core
import com.aliyun.odps.Odps;
import com.aliyun.odps.account.AliyunAccount;

public class Login {
    public static void main(String[] arguments) throws Exception {
        Odps odps = new Odps(new AliyunAccount(
                System.getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"),
                System.getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")));
        odps.setEndpoint(System.getenv("ODPS_ENDPOINT"));
        odps.setDefaultProject("@PROJECT@");
        System.out.println(odps.projects().get().getSecurityManager().runQuery("whoami", true));
    }
}
