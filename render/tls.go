//lint:file-ignore SA1019 Control planes still send the deprecated fields.

package render

import (
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var tlsContextFields = tableOf(&tlsv3.UpstreamTlsContext{}, fields{
	"common_tls_context":      composed,
	"sni":                     partly("the server name is the host name of the request; to gRPC endpoints there is none"),
	"auto_host_sni":           near("APISIX sends the host name of the request as SNI, not the endpoint's"),
	"auto_sni_san_validation": reported(Denied, unverifiedEndpoints),
	"allow_renegotiation":     near("an endpoint that asks for renegotiation is refused"),
	"max_session_keys":        harmless("tunes the resumption of TLS sessions"),
	"enforce_rsa_key_usage":   near("the key usage of an endpoint's certificate is not looked at"),
})

var commonTLSFields = tableOf(&tlsv3.CommonTlsContext{}, fields{
	"tls_params":                                       composed,
	"tls_certificates":                                 partly("one certificate, where it stands in the configuration; otherwise endpoints get no requests"),
	"tls_certificate_sds_secret_configs":               partly("one certificate, where the control plane sends it; otherwise endpoints get no requests"),
	"tls_certificate_provider_instance":                reported(Denied, "a client certificate from a provider or selector cannot be had: endpoints get no requests"),
	"tls_certificate_certificate_provider":             reported(Denied, "a client certificate from a provider or selector cannot be had: endpoints get no requests"),
	"tls_certificate_certificate_provider_instance":    reported(Denied, "a client certificate from a provider or selector cannot be had: endpoints get no requests"),
	"custom_tls_certificate_selector":                  reported(Denied, "a client certificate from a provider or selector cannot be had: endpoints get no requests"),
	"validation_context":                               reported(Denied, unverifiedEndpoints),
	"validation_context_sds_secret_config":             reported(Denied, unverifiedEndpoints),
	"combined_validation_context":                      reported(Denied, unverifiedEndpoints),
	"validation_context_certificate_provider":          reported(Denied, unverifiedEndpoints),
	"validation_context_certificate_provider_instance": reported(Denied, unverifiedEndpoints),
	"alpn_protocols":                                   harmless("APISIX offers HTTP/2 for gRPC and else nothing, which servers take for HTTP/1.1"),
	"custom_handshaker":                                reported(Denied, "APISIX has no such handshake: endpoints get no requests"),
	"key_log":                                          harmless("for debugging"),
})

var tlsParamsFields = tableOf(&tlsv3.TlsParameters{}, fields{
	"tls_minimum_protocol_version": partly("the lowest version is that of nginx's proxy_ssl_protocols"),
	"tls_maximum_protocol_version": partly("the highest version is that of nginx's proxy_ssl_protocols"),
	"cipher_suites":                near("ciphers are those of nginx's proxy_ssl_ciphers"),
	"ecdh_curves":                  near("curves are those of OpenSSL"),
	"signature_algorithms":         near("signature algorithms are those of OpenSSL"),
	"compliance_policies":          near("versions and ciphers are those of nginx's proxy_ssl_protocols and proxy_ssl_ciphers"),
})

// serverTLS translates TLS to endpoints; not ok when they must not be called. APISIX 3.18 verifies no certificate of an
// upstream, so that where Envoy does, a security rule is lost.
func (r *renderer) serverTLS(t transport, grpc bool, at *place) (one calling, ok bool) {
	one.context = &tlsv3.UpstreamTlsContext{}
	field := t.field() + ".typed_config."
	if config := t.socket.GetTypedConfig(); config != nil && config.UnmarshalTo(one.context) != nil {
		r.findings.denied(at, t.field(), "its configuration cannot be read: endpoints get no requests")
		return one, false
	}
	tlsContextFields.check(one.context, at, field, &r.findings)
	common := one.context.GetCommonTlsContext()
	commonTLSFields.check(common, at, field+"common_tls_context.", &r.findings)
	r.tlsParams(common.GetTlsParams(), at, field+"common_tls_context.tls_params.")
	if common.GetCustomHandshaker() != nil {
		r.findings.denied(at, field+"common_tls_context.custom_handshaker", "APISIX has no such handshake: endpoints get no requests")
		return one, false
	}
	if verifies(one.context) && !r.unverified(grpc, at, field+"common_tls_context") {
		return one, false
	}
	one.client, ok = r.clientCertificate(common, at, field+"common_tls_context.")
	return one, ok
}

// unverified reports that certificates of endpoints are not verified as Envoy does, and whether the endpoints may be
// called nevertheless. nginx verifies those of gRPC endpoints, if it is told to (grpc_ssl_verify), against the name in
// grpc_pass, which in APISIX is never the endpoint's.
func (r *renderer) unverified(grpc bool, at *place, field string) bool {
	switch {
	case r.options.UpstreamTLS == UpstreamTLSUnverified:
		r.findings.dropped(at, field, "the certificates of endpoints are not verified")
		return true
	case r.options.UpstreamTLS == UpstreamTLSVerified && grpc:
		r.findings.denied(at, field, "nginx cannot verify the certificates of gRPC and TCP endpoints for APISIX, as Envoy does here: "+
			"they get no requests; --upstream-tls=unverified would send them")
		return false
	case r.options.UpstreamTLS == UpstreamTLSVerified:
		r.findings.approximate(at, field, "nginx verifies the certificates of endpoints, if its configuration says so "+
			"(proxy_ssl_verify), against its own trust store and the host name of the request; SPIFFE names fail")
		return true
	}
	r.findings.denied(at, field, "APISIX 3.18 does not verify the certificates of endpoints, as Envoy does here: they get no "+
		"requests; --upstream-tls=verified (by nginx's proxy_ssl_verify) or --upstream-tls=unverified would send them")
	return false
}

// verifies reports whether Envoy looks at an endpoint's certificate. A validation context that comes by SDS or from a
// provider does, whatever is in it.
func verifies(t *tlsv3.UpstreamTlsContext) bool {
	if t.GetAutoSniSanValidation() {
		return true
	}
	switch v := t.GetCommonTlsContext().GetValidationContextType().(type) {
	case nil:
		return false
	case *tlsv3.CommonTlsContext_ValidationContext:
		return validates(v.ValidationContext)
	case *tlsv3.CommonTlsContext_CombinedValidationContext:
		c := v.CombinedValidationContext
		return c.GetValidationContextSdsSecretConfig() != nil || validates(c.GetDefaultValidationContext()) ||
			c.ProtoReflect().Has(c.ProtoReflect().Descriptor().Fields().ByName("validation_context_certificate_provider")) ||
			c.ProtoReflect().Has(c.ProtoReflect().Descriptor().Fields().ByName("validation_context_certificate_provider_instance"))
	}
	return true
}

// validates reports whether a validation context asks for anything. Only settings that loosen or tune do not.
func validates(v *tlsv3.CertificateValidationContext) bool {
	chain := v.GetTrustedCa() != nil || v.GetCaCertificateProviderInstance() != nil || v.GetSystemRootCerts() != nil
	if v.GetTrustChainVerification() == tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED {
		chain = false
	}
	return chain || v.GetCustomValidatorConfig() != nil ||
		len(v.GetVerifyCertificateSpki())+len(v.GetVerifyCertificateHash()) > 0 ||
		len(v.GetMatchTypedSubjectAltNames())+len(v.GetMatchSubjectAltNames()) > 0 ||
		v.GetRequireSignedCertificateTimestamp().GetValue() || v.GetCrl() != nil
}

// tlsParams reports where nginx's proxy_ssl_protocols, TLS 1.2 and 1.3 by default, are others than Envoy's.
func (r *renderer) tlsParams(p *tlsv3.TlsParameters, at *place, field string) {
	tlsParamsFields.check(p, at, field, &r.findings)
	switch p.GetTlsMinimumProtocolVersion() {
	case tlsv3.TlsParameters_TLS_AUTO, tlsv3.TlsParameters_TLSv1_2:
	default:
		r.findings.approximate(at, field+"tls_minimum_protocol_version", "the lowest version is that of nginx's proxy_ssl_protocols, TLS 1.2 by default")
	}
	switch p.GetTlsMaximumProtocolVersion() {
	case tlsv3.TlsParameters_TLS_AUTO, tlsv3.TlsParameters_TLSv1_3:
	default:
		r.findings.approximate(at, field+"tls_maximum_protocol_version", "the highest version is that of nginx's proxy_ssl_protocols, TLS 1.3 by default")
	}
}

// serverName reports where the name that APISIX asks an endpoint for is another than Envoy's.
func (r *renderer) serverName(t *tlsv3.UpstreamTlsContext, scheme string, at *place, field string) {
	switch name := t.GetSni(); {
	case name == "":
	case scheme == "tls":
		r.findings.dropped(at, field+".typed_config.sni", "for connections that are not TLS, APISIX asks endpoints for the server name (SNI) "+
			"apisix_backend, Envoy for %q", name)
	case scheme == "grpcs":
		r.findings.approximate(at, field+".typed_config.sni", "APISIX sends no server name (SNI) to gRPC endpoints, Envoy %q", name)
	default:
		r.findings.approximate(at, field+".typed_config.sni", "APISIX sends the host name of the request as server name (SNI), Envoy %q", name)
	}
}

// clientCertificate is the certificate that Envoy shows to endpoints; nil when it shows none, not ok when it cannot be
// had.
func (r *renderer) clientCertificate(t *tlsv3.CommonTlsContext, at *place, field string) (*apisix.UpstreamTLS, bool) {
	var problem string
	var client *apisix.UpstreamTLS
	if len(t.GetTlsCertificates()) > 1 || len(t.GetTlsCertificateSdsSecretConfigs()) > 1 {
		r.findings.approximate(at, field+"tls_certificates", "endpoints are shown the first client certificate only")
	}
	switch {
	case len(t.GetTlsCertificates()) > 0:
		field += "tls_certificates"
		client, problem = keyPair(t.GetTlsCertificates()[0])
	case len(t.GetTlsCertificateSdsSecretConfigs()) > 0:
		field += "tls_certificate_sds_secret_configs"
		name := t.GetTlsCertificateSdsSecretConfigs()[0].GetName()
		secret := r.secret(name)
		if secret.GetTlsCertificate() == nil {
			r.findings.denied(at, field, "the client certificate %q is not in what the control plane sent: endpoints get no requests", name)
			return nil, false
		}
		client, problem = keyPair(secret.GetTlsCertificate())
	case hasProvider(t):
		problem = "comes from a provider or selector"
	}
	if problem != "" {
		r.findings.denied(at, field, "the client certificate %s: endpoints get no requests", problem)
	}
	return client, problem == ""
}

// hasProvider reports whether the client certificate comes from elsewhere than the context and SDS.
func hasProvider(t *tlsv3.CommonTlsContext) bool {
	m := t.ProtoReflect()
	for _, name := range []protoreflect.Name{"tls_certificate_provider_instance", "tls_certificate_certificate_provider",
		"tls_certificate_certificate_provider_instance", "custom_tls_certificate_selector"} {
		if m.Has(m.Descriptor().Fields().ByName(name)) {
			return true
		}
	}
	return false
}
