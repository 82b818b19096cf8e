// What Go's x509 says of a file of CRLs: crl CRLS.pem BUNDLE.pem SERIAL
//
// Exits 0 if every CRL parses and is signed by an authority in the bundle, each by
// another one, and one of them names the serial (hexadecimal); else 1, with the reason.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"time"
)

func blocks(path, label string) ([][]byte, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != label {
			return nil, fmt.Errorf("%s holds a %s", path, block.Type)
		}
		found = append(found, block.Bytes)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no %s", path, label)
	}
	return found, nil
}

func issuerOf(crl *x509.RevocationList, bundle [][]byte) (*x509.Certificate, error) {
	for _, der := range bundle {
		authority, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if crl.CheckSignatureFrom(authority) == nil {
			return authority, nil
		}
	}
	return nil, fmt.Errorf("no authority in the bundle has signed the CRL of %s", crl.Issuer)
}

func check(crls, bundle [][]byte, serial *big.Int) error {
	issuers := map[string]bool{}
	named := false
	for _, der := range crls {
		crl, err := x509.ParseRevocationList(der)
		if err != nil {
			return err
		}
		issuer, err := issuerOf(crl, bundle)
		if err != nil {
			return err
		}
		issuers[string(issuer.SubjectKeyId)] = true
		if string(crl.AuthorityKeyId) != string(issuer.SubjectKeyId) || crl.Number.Sign() <= 0 {
			return fmt.Errorf("key id %x or number %v is wrong", crl.AuthorityKeyId, crl.Number)
		}
		now := time.Now()
		if crl.ThisUpdate.After(now) || !crl.NextUpdate.After(now) {
			return fmt.Errorf("not valid now: %v to %v", crl.ThisUpdate, crl.NextUpdate)
		}
		for _, entry := range crl.RevokedCertificateEntries {
			named = named || entry.SerialNumber.Cmp(serial) == 0 && entry.ReasonCode == 9
		}
	}
	if len(issuers) != len(crls) || len(issuers) != len(bundle) {
		return fmt.Errorf("%d CRLs, %d issuers, %d authorities", len(crls), len(issuers), len(bundle))
	}
	if !named {
		return fmt.Errorf("%x is on none of %d CRLs with reason 9", serial, len(crls))
	}
	return nil
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: crl CRLS.pem BUNDLE.pem SERIAL")
	}
	serial, ok := new(big.Int).SetString(args[2], 16)
	if !ok {
		return fmt.Errorf("%s is no serial", args[2])
	}
	crls, err := blocks(args[0], "X509 CRL")
	if err != nil {
		return err
	}
	bundle, err := blocks(args[1], "CERTIFICATE")
	if err != nil {
		return err
	}
	return check(crls, bundle, serial)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
