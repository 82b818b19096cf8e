package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	pb "github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// trust is what one update of the Workload API says: who we are, and whom to
// believe. It never changes.
type trust struct {
	own         tls.Certificate
	domain      spiffeid.TrustDomain
	roots       *x509.CertPool
	authorities []*x509.Certificate
	crls        map[string]*x509.RevocationList // issuer's key id -> its newest CRL
}

func newTrust(response *pb.X509SVIDResponse) (*trust, error) {
	if len(response.Svids) == 0 {
		return nil, errors.New("an update without an SVID")
	}
	raw := response.Svids[0]
	svid, err := x509svid.ParseRaw(raw.X509Svid, raw.X509SvidKey)
	if err != nil {
		return nil, err
	}
	authorities, err := x509.ParseCertificates(raw.Bundle)
	if err != nil {
		return nil, err
	}
	t := &trust{own: tls.Certificate{PrivateKey: svid.PrivateKey}, domain: svid.ID.TrustDomain(),
		roots: x509.NewCertPool(), authorities: authorities, crls: map[string]*x509.RevocationList{}}
	for _, certificate := range svid.Certificates {
		t.own.Certificate = append(t.own.Certificate, certificate.Raw)
	}
	for _, authority := range authorities {
		t.roots.AddCert(authority)
	}
	for _, der := range response.Crl {
		if err := t.addCRL(der); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// addCRL takes a CRL that one of the authorities has signed; of two of one issuer the newer.
func (t *trust) addCRL(der []byte) error {
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	for _, authority := range t.authorities {
		if crl.CheckSignatureFrom(authority) != nil {
			continue
		}
		key := string(authority.SubjectKeyId)
		if had := t.crls[key]; had == nil || had.Number.Cmp(crl.Number) < 0 {
			t.crls[key] = crl
		}
		return nil
	}
	return fmt.Errorf("no authority of the bundle has signed the CRL of %s", crl.Issuer)
}

// judge says why a peer with these certificates, its own first, is not let in; nil if it
// is. What cannot be told is a no: an issuer without a CRL, or with one that is too old.
func (t *trust) judge(peer []*x509.Certificate, now time.Time) error {
	if len(peer) == 0 {
		return errors.New("no certificate")
	}
	between := x509.NewCertPool()
	for _, certificate := range peer[1:] {
		between.AddCert(certificate)
	}
	chains, err := peer[0].Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return err
	}
	id, err := x509svid.IDFromCert(peer[0])
	if err != nil {
		return err
	}
	if !id.MemberOf(t.domain) {
		return fmt.Errorf("%s is of another trust domain", id)
	}
	for position := range len(chains[0]) - 1 {
		if err := t.revoked(chains[0][position], chains[0][position+1], now); err != nil {
			return err
		}
	}
	return nil
}

func (t *trust) revoked(certificate, issuer *x509.Certificate, now time.Time) error {
	crl := t.crls[string(issuer.SubjectKeyId)]
	if crl == nil || now.After(crl.NextUpdate) {
		return fmt.Errorf("no CRL of %x is in force", issuer.SubjectKeyId)
	}
	for _, entry := range crl.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
			return fmt.Errorf("%x is revoked", certificate.SerialNumber)
		}
	}
	return nil
}
