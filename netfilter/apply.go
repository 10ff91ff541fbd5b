package netfilter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/intercept/rules"
)

// A Change is what is to be done for one family with one back end.
type Change struct {
	Tools  Tools
	Family rules.Family
	// Text is for iptables-restore --noflush; "" if all is as it should be.
	Text  string
	table rules.Table
	saved rules.Saved
}

// Command is what reads the text.
func (c Change) Command() string { return c.Tools.program(c.Family, "restore") + " --noflush" }

// AddressCommand is the command for Address.
func (p *Plan) AddressCommand() string { return "ip " + strings.Join(addressCommand(p.Address), " ") }

// A Plan is changes, in order. Only one plan at a time is made and carried out in a network namespace; Close ends it.
type Plan struct {
	Changes []Change
	// Address is what to do with the address that the proxy calls from over IPv6: "add", "del", or "" for nothing.
	Address string
	Close   func()
}

// PlanFor finds out what is to be done for the tables to be in force. backend is NFT, Legacy, or "" for that which has
// rules already. Whatever the other back end has of ours goes.
func PlanFor(tables []rules.Table, backend string) (*Plan, error) {
	p, all, err := begin()
	if err != nil {
		return nil, err
	}
	tools, err := choose(all, backend)
	if err != nil {
		p.Close()
		return nil, err
	}
	for _, t := range tables {
		err = errors.Join(err, p.add(tools, t, true))
	}
	for _, other := range all {
		for _, t := range tables {
			if other.Tools != tools {
				err = errors.Join(err, p.add(other.Tools, rules.None(t.Family), false))
			}
		}
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	for _, t := range tables {
		if t.Family == rules.IPv6 {
			p.Address = changeOfAddress(len(t.Chains) > 0)
		}
	}
	return p, nil
}

// changeOfAddress is what is to be done for the address to be there, or not.
func changeOfAddress(wanted bool) string {
	switch has := hasInboundAddress(); {
	case wanted && !has:
		return "add"
	case has && !wanted:
		return "del"
	}
	return ""
}

// PlanToCleanUp finds out what is to be done for nothing of ours to be left, in any back end.
func PlanToCleanUp() (*Plan, error) {
	p, all, err := begin()
	if err != nil {
		return nil, err
	}
	for _, found := range all {
		for _, f := range Families() {
			err = errors.Join(err, p.add(found.Tools, rules.None(f), f == rules.IPv4))
		}
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	p.Address = changeOfAddress(false)
	return p, nil
}

func begin() (*Plan, []found, error) {
	if err := permitted(); err != nil {
		return nil, nil, err
	}
	unlock, err := lock()
	if err != nil {
		return nil, nil, err
	}
	all, err := find()
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return &Plan{Close: unlock}, all, nil
}

// add adds the change that a table needs. Programs that do not work have left nothing to remove: they are passed over
// unless they must work.
func (p *Plan) add(tools Tools, table rules.Table, must bool) error {
	saved, err := tools.Saved(table.Family)
	if err != nil {
		if must {
			return err
		}
		return nil
	}
	c := Change{Tools: tools, Family: table.Family, table: table, saved: saved}
	if table.Difference(saved) != "" {
		c.Text = table.Replace(saved)
	}
	p.Changes = append(p.Changes, c)
	return nil
}

// Difference says in a few words what is not as it should be; "" if all is.
func (p *Plan) Difference() string {
	for _, c := range p.Changes {
		if d := c.table.Difference(c.saved); d != "" {
			return fmt.Sprintf("%s, %s: %s", c.Family, c.Tools, d)
		}
	}
	if p.Address != "" {
		return "what is missing: " + p.AddressCommand()
	}
	return ""
}

// Do carries out the plan, and looks whether the kernel has it then. If a change fails, those before it are taken back.
func (p *Plan) Do() error {
	if p.Address == "add" {
		if err := addInboundAddress(); err != nil {
			return fmt.Errorf("the address of inbound connections over IPv6: %w", err)
		}
	}
	for i, c := range p.Changes {
		if c.Text == "" {
			continue
		}
		if err := c.do(); err != nil {
			return errors.Join(err, p.undo(i))
		}
	}
	if p.Address == "del" {
		return removeInboundAddress()
	}
	return nil
}

// undo takes back changes up to the one that failed.
func (p *Plan) undo(failed int) (err error) {
	for _, done := range p.Changes[:failed+1] {
		err = errors.Join(err, done.undo())
	}
	if p.Address == "add" {
		err = errors.Join(err, removeInboundAddress())
	}
	return err
}

func (c Change) do() error {
	if err := c.Tools.restore(c.Family, c.Text); err != nil {
		return err
	}
	saved, err := c.Tools.Saved(c.Family)
	if err != nil {
		return err
	}
	if d := c.table.Difference(saved); d != "" {
		return fmt.Errorf("%s has done something else than it was told: %s", c.Command(), d)
	}
	return nil
}

func (c Change) undo() error {
	now, err := c.Tools.Saved(c.Family)
	before := c.saved.Table(c.Family)
	if err != nil || before.Difference(now) == "" {
		return err
	}
	return c.Tools.restore(c.Family, before.Replace(now))
}
