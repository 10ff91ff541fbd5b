-- amesh-split for HTTP: one of the choices, drawn at random by weight for each request (Envoy's weighted clusters), with
-- the header operations of the choice: a proxy-rewrite and a response-rewrite of its own, run by the stock plugins.
--
-- Stock APISIX: traffic-split is neither random nor does it survive reloads, ends at 20 upstreams, and cannot change
-- headers by upstream.
-- Loaded by its name in "plugins" of config.yaml. Draws in the rewrite phase right below proxy-rewrite (1008), so the
-- choice's operations come after the route's own. It does not answer requests, so plugins that refuse some may run later.
--
-- Two facts of the stock plugins are minded here. They cache what they make of "headers" by ctx.conf_id, so each choice
-- runs under an id of its own. And proxy-rewrite always writes the upstream's path anew from the client's, so the one that
-- the route's own has written is put back, unless the choice has a path.

local core = require("apisix.core")
local choice = require("amesh.choice")

local stock = {
    ["proxy-rewrite"] = require("apisix.plugins.proxy-rewrite"),
    ["response-rewrite"] = require("apisix.plugins.response-rewrite"),
}

local _M = {
    version = 0.1,
    priority = 1007,
    name = "amesh-split",
    schema = {
        type = "object",
        required = { "choices" },
        properties = {
            choices = choice.schema({
                plugins = {
                    type = "object",
                    additionalProperties = false,
                    properties = {
                        ["proxy-rewrite"] = { type = "object" },
                        ["response-rewrite"] = { type = "object" },
                    },
                },
            }),
        },
    },
}


function _M.check_schema(conf)
    local ok, err = core.schema.check(_M.schema, conf)
    if not ok then
        return false, err
    end
    for i, one in ipairs(conf.choices) do
        for name, inner in pairs(one.plugins or {}) do
            ok, err = stock[name].check_schema(inner)
            if not ok then
                return false, "choice " .. i .. ": " .. name .. ": " .. err
            end
        end
    end
    return true
end


-- Runs a phase of the choice's own plugin, if it has it.
local function run(ctx, name, phase)
    local chosen = ctx.amesh_choice
    local conf = chosen and chosen.plugins and chosen.plugins[name]
    if not conf then
        return nil
    end
    local conf_id = ctx.conf_id
    ctx.conf_id = conf_id .. "#amesh-split#" .. ctx.amesh_choice_place
    local code, body = stock[name][phase](conf, ctx)
    ctx.conf_id = conf_id
    return code, body
end


-- Runs the choice's proxy-rewrite, and puts back the path that the route's own has written, unless the choice has one.
local function rewrite(ctx, conf)
    local to_upstream = ctx.var.upstream_uri
    if not to_upstream or to_upstream == "" or conf.uri or conf.regex_uri then
        return run(ctx, "proxy-rewrite", "rewrite")
    end
    local path = ngx.var.uri
    local code, body = run(ctx, "proxy-rewrite", "rewrite")
    ngx.req.set_uri(path, false, true)
    ctx.var.upstream_uri = to_upstream
    return code, body
end


function _M.rewrite(conf, ctx)
    local chosen, place = choice.draw(conf.choices)
    ctx.upstream_id = chosen.upstream_id
    ctx.amesh_choice = chosen
    ctx.amesh_choice_place = place

    local own = chosen.plugins and chosen.plugins["proxy-rewrite"]
    if own then
        return rewrite(ctx, own)
    end
end


-- response-rewrite keeps in ctx whether its "vars" hold, for its body_filter. The route's own, which runs after this one,
-- overwrites that; so it is kept apart.
function _M.header_filter(_, ctx)
    run(ctx, "response-rewrite", "header_filter")
    ctx.amesh_choice_matched = ctx.response_rewrite_matched
end


function _M.body_filter(_, ctx)
    if not ctx.amesh_choice_matched then
        return
    end
    local of_route = ctx.response_rewrite_matched
    ctx.response_rewrite_matched = true
    run(ctx, "response-rewrite", "body_filter")
    ctx.response_rewrite_matched = of_route
end


return _M
