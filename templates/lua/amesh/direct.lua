-- The original destination as an upstream of one node: what amesh-passthrough and amesh-sni share.
--
-- Stock APISIX chooses among upstreams that are written down; an address that only the connection knows it cannot take.
-- Loaded by require(). Sets the upstream as APISIX's plugins may (apisix.upstream.set, see its example-plugin).

local socket = require("amesh.socket")
local upstream = require("apisix.upstream")

local DEFAULT_PORTS = { 15001, 15002, 15006, 15007 }

local seconds = { type = "number", exclusiveMinimum = 0 }

local _M = {
    -- Of the conf fields that this module reads.
    properties = {
        refuse_ports = {
            description = "ports of the pod's own listeners, to which nothing is passed on",
            type = "array",
            items = { type = "integer", minimum = 1, maximum = 65535 },
            default = DEFAULT_PORTS,
        },
        timeout = {
            description = "seconds",
            type = "object",
            properties = { connect = seconds, send = seconds, read = seconds },
        },
    },
}


local function refuses(conf, port)
    for _, refused in ipairs(conf.refuse_ports or DEFAULT_PORTS) do
        if refused == port then
            return true
        end
    end
    return false
end


-- The connection's destination: address (IPv6 in brackets, as APISIX has it in nodes), port. nil and why where there is
-- none to pass on to. A destination that netfilter has not changed is this very listener: connecting to it would loop.
local function destination(conf)
    local ip, port, redirected = socket.destination()
    if not ip then
        return nil, "the original destination is unknown"
    end
    if not redirected then
        return nil, socket.join(ip, port) .. " is the listener itself"
    end
    if refuses(conf, port) then
        return nil, "port " .. port .. " is a listener's of this pod"
    end
    return ip:find(":", 1, true) and "[" .. ip .. "]" or ip, port
end


-- Makes the connection's destination the request's upstream. scheme: as in upstreams ("tcp" in stream). Returns the
-- upstream, or nil and why it is refused.
--
-- Key and version are the destination's own, so that nothing that APISIX caches for one serves another; its keepalive
-- pools are by scheme, node and (for TLS) SNI anyway. retries = 0: there is no other node.
function _M.set(conf, ctx, scheme)
    local host, port = destination(conf)
    if not host then
        return nil, port
    end
    local key = "amesh#" .. scheme .. "#" .. host .. ":" .. port
    local up = {
        type = "roundrobin",
        scheme = scheme,
        pass_host = "pass",
        retries = 0,
        timeout = conf.timeout,
        nodes = { { host = host, port = port, weight = 1, priority = 0 } },
    }
    ctx.upstream_id = nil -- of a plugin that ran earlier
    upstream.set(ctx, key, key, up)
    return up
end


return _M
