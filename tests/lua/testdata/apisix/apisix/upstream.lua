-- In place of apisix.upstream: what plugins may set directly.

return {
    set = function(ctx, key, version, conf)
        assert(ctx and key and version and conf, "upstream.set: missing argument")
        ctx.upstream_key, ctx.upstream_version, ctx.upstream_conf = key, version, conf
    end,
    set_scheme = function(ctx, conf)
        ctx.upstream_scheme = ctx.upstream_scheme or conf.scheme or "http"
        ctx.var.upstream_scheme = ctx.upstream_scheme
    end,
}
