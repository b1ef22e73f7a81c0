// Requests of Java's HttpClient, which offers HTTP/2 unless told otherwise. Arguments: a URL, and one with
// TLS, or none.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.io.ByteArrayInputStream;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

public class Client {
  static HttpClient client;

  static void send(String url, String name, String method, BodyPublisher body) {
    try {
      var request = HttpRequest.newBuilder(URI.create(url)).method(method, body).build();
      var response = client.send(request, BodyHandlers.ofString());
      System.out.println(
          name + ", " + response.version() + "\t" + response.statusCode() + "\t" + response.body());
    } catch (Exception error) {
      System.out.println(name + "\t0\t" + error);
    }
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      System.out.println(System.getProperty("java.version"));
      return;
    }
    var trusting = SSLContext.getInstance("TLS");
    trusting.init(null, new TrustManager[] {new Trusting()}, null);
    for (var url : arguments) {
      // The first request on a connection is the one that makes the offer, so each may be the first.
      client = fresh(trusting);
      send(url, "GET 0", "GET", BodyPublishers.noBody());
      send(url, "GET 0, again", "GET", BodyPublishers.noBody());
      client = fresh(trusting);
      send(url, "POST 5", "POST", BodyPublishers.ofString("hello"));
      client = fresh(trusting);
      send(url, "POST 0", "POST", BodyPublishers.noBody());
      client = fresh(trusting);
      send(url, "POST 5, in pieces", "POST",
          BodyPublishers.ofInputStream(() -> new ByteArrayInputStream("hello".getBytes())));
      client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(trusting).build();
      send(url, "POST 5, without an offer", "POST", BodyPublishers.ofString("hello"));
    }
  }

  static HttpClient fresh(SSLContext trusting) {
    return HttpClient.newBuilder().sslContext(trusting).build();
  }

  /** Trusts any certificate, and any name in it. */
  static class Trusting extends X509ExtendedTrustManager {
    public void checkClientTrusted(X509Certificate[] chain, String type) {}
    public void checkServerTrusted(X509Certificate[] chain, String type) {}
    public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}
    public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}
    public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}
    public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
