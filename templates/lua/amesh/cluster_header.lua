-- amesh-cluster-header for HTTP: the request goes to the upstream that a header of the client's names (Envoy's
-- cluster_header). Where it names none, the answer is "missing", without a body.
--
-- Stock APISIX would need one route or one rule of traffic-split for each cluster of the mesh, tried one after the other.
-- Loaded by its name in "plugins" of config.yaml. Reads the header in the rewrite phase right above proxy-rewrite (1008),
-- as Envoy does before the route's header operations. Answers only in before_proxy, when all plugins that refuse requests
-- have run: who may not pass is not told which clusters there are.

local core = require("apisix.core")

local _M = {
    version = 0.1,
    priority = 1009,
    name = "amesh-cluster-header",
    schema = {
        type = "object",
        required = { "header", "clusters" },
        properties = {
            header = { type = "string", minLength = 1 },
            clusters = {
                description = "upstream ids by the names of clusters, as the header has them",
                type = "object",
                additionalProperties = {
                    anyOf = {
                        { type = "string", minLength = 1, maxLength = 64 },
                        { type = "integer", minimum = 1 },
                    },
                },
            },
            missing = { type = "integer", minimum = 200, maximum = 599, default = 503 },
        },
    },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


-- Of several headers of the name, Envoy takes the first; so does core.request.header. Envoy's :authority is nginx's Host.
function _M.rewrite(conf, ctx)
    local name = conf.header == ":authority" and "host" or conf.header
    local value = core.request.header(ctx, name)
    ctx.upstream_id = value and conf.clusters[value]
    if not ctx.upstream_id then
        -- APISIX then looks for no upstream, which would end in its own 502 and an error in the log.
        ctx.bypass_nginx_upstream = true
        ctx.amesh_no_cluster = true
    end
end


function _M.before_proxy(conf, ctx)
    if ctx.amesh_no_cluster then
        return conf.missing or 503, ""
    end
end


return _M
