package org.surety.client;

import io.spiffe.bundle.jwtbundle.JwtBundle;
import io.spiffe.bundle.jwtbundle.JwtBundleSet;
import io.spiffe.bundle.x509bundle.X509Bundle;
import io.spiffe.svid.jwtsvid.JwtSvid;
import io.spiffe.svid.x509svid.X509Svid;
import io.spiffe.workloadapi.DefaultWorkloadApiClient;
import io.spiffe.workloadapi.WorkloadApiClient;
import io.spiffe.workloadapi.X509Context;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A workload that uses java-spiffe. {@code Client x509} prints its SVIDs and bundles as one JSON
 * object a line, {@code Client jwt AUDIENCE} its tokens, JWT bundles and who believes the tokens;
 * the endpoint is SPIFFE_ENDPOINT_SOCKET. Exit status: 0, 1 on failure, 2 on wrong usage.
 */
public final class Client {
  private Client() {}

  public static void main(String[] args) {
    boolean x509 = args.length == 1 && args[0].equals("x509");
    if (!x509 && !(args.length == 2 && args[0].equals("jwt"))) {
      System.err.println("usage: Client x509 | jwt AUDIENCE");
      System.exit(2);
    }
    try {
      // The library tries again for ever: one fetch gets 20 s.
      CompletableFuture.runAsync(x509 ? Client::fetchX509 : () -> fetchJwt(args[1])).get(20, TimeUnit.SECONDS);
      System.exit(0);
    } catch (Exception failure) {
      System.err.println("client: " + failure);
      System.exit(1);
    }
  }

  private static void fetchJwt(String audience) {
    try (WorkloadApiClient client = DefaultWorkloadApiClient.newClient()) {
      JwtBundleSet bundles = client.fetchJwtBundles();
      for (JwtBundle bundle : bundles.getBundles().values()) {
        System.out.printf(
            "{\"kind\":\"jwt_bundle\",\"trust_domain\":\"%s\",\"authorities\":%d}%n",
            bundle.getTrustDomain(), bundle.getJwtAuthorities().size());
      }
      for (JwtSvid svid : client.fetchJwtSvids(audience)) {
        System.out.printf(
            "{\"kind\":\"jwt_svid\",\"spiffe_id\":\"%s\",\"hint\":\"%s\"}%n",
            svid.getSpiffeId(), svid.getHint() == null ? "" : svid.getHint());
        JwtSvid local = JwtSvid.parseAndValidate(svid.getToken(), bundles, Set.of(audience));
        believed("library", local);
        believed("daemon", client.validateJwtSvid(svid.getToken(), audience));
      }
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static void believed(String by, JwtSvid svid) {
    System.out.printf(
        "{\"kind\":\"believed\",\"by\":\"%s\",\"spiffe_id\":\"%s\"}%n", by, svid.getSpiffeId());
  }

  private static void fetchX509() {
    try (WorkloadApiClient client = DefaultWorkloadApiClient.newClient()) {
      X509Context context = client.fetchX509Context();
      for (X509Svid svid : context.getX509Svids()) {
        System.out.printf(
            "{\"kind\":\"x509_svid\",\"spiffe_id\":\"%s\",\"hint\":\"%s\",\"serial\":\"%s\",\"chain\":%d}%n",
            svid.getSpiffeId(),
            svid.getHint() == null ? "" : svid.getHint(),
            svid.getLeaf().getSerialNumber().toString(16),
            svid.getChain().size());
      }
      for (X509Bundle bundle : client.fetchX509Bundles().getBundles().values()) {
        System.out.printf(
            "{\"kind\":\"x509_bundle\",\"trust_domain\":\"%s\",\"authorities\":%d}%n",
            bundle.getTrustDomain(), bundle.getX509Authorities().size());
      }
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }
}
