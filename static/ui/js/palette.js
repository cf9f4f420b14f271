// The search behind Ctrl-K. Its buttons are links to the search page until this runs.
class Palette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector('dialog');
    this.input = this.querySelector('input');
    this.list = this.querySelector('[role="listbox"]');
    document.addEventListener('keydown', (event) => this.shortcut(event));
    document.addEventListener('click', (event) => {
      if (!event.target.closest('[data-palette]')) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open();
    });
    this.input.addEventListener('keydown', (event) => this.walk(event));
    this.querySelector('form').addEventListener('submit', (event) => this.go(event));
    this.list.addEventListener('htmx:afterSwap', () => this.choose(this.options[0]));
    this.list.addEventListener('pointermove', (event) => {
      const option = event.target.closest('a[role="option"]');
      if (option) this.choose(option);
    });
  }

  get options() {
    return [...this.list.querySelectorAll('a[role="option"]')];
  }

  get chosen() {
    return this.list.querySelector('[aria-selected="true"]');
  }

  shortcut(event) {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (this.dialog.open) this.dialog.close();
    else this.open();
  }

  open() {
    document.querySelectorAll('[popover]:popover-open').forEach((each) => each.hidePopover());
    this.dialog.showModal();
    this.input.value = '';
    this.input.focus();
    this.input.dispatchEvent(new Event('open'));
  }

  choose(option) {
    this.chosen?.setAttribute('aria-selected', 'false');
    option?.setAttribute('aria-selected', 'true');
    if (option) this.input.setAttribute('aria-activedescendant', option.id);
    else this.input.removeAttribute('aria-activedescendant');
  }

  walk(event) {
    // A search field would first empty itself and leave the dialog open.
    if (event.key === 'Escape') {
      event.preventDefault();
      this.dialog.close();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const { options } = this;
    if (!options.length) return;
    const at = options.indexOf(this.chosen);
    const next = options[(at + step + options.length) % options.length];
    this.choose(next);
    next.scrollIntoView({ block: 'nearest' });
  }

  go(event) {
    if (!this.chosen) return;
    event.preventDefault();
    this.chosen.click();
  }
}

customElements.define('lp-palette', Palette);
