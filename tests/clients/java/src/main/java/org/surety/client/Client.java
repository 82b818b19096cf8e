package org.surety.client;

import io.spiffe.bundle.x509bundle.X509Bundle;
import io.spiffe.svid.x509svid.X509Svid;
import io.spiffe.workloadapi.DefaultWorkloadApiClient;
import io.spiffe.workloadapi.WorkloadApiClient;
import io.spiffe.workloadapi.X509Context;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A workload that uses java-spiffe. {@code Client x509} prints its SVIDs and bundles as one JSON
 * object a line; the endpoint is SPIFFE_ENDPOINT_SOCKET. Exit status: 0, 1 on failure, 2 on wrong
 * usage.
 */
public final class Client {
  private Client() {}

  public static void main(String[] args) {
    if (args.length != 1 || !args[0].equals("x509")) {
      System.err.println("usage: Client x509");
      System.exit(2);
    }
    try {
      // The library tries again for ever: one fetch gets 20 s.
      CompletableFuture.runAsync(Client::fetchX509).get(20, TimeUnit.SECONDS);
      System.exit(0);
    } catch (Exception failure) {
      System.err.println("client: " + failure);
      System.exit(1);
    }
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
