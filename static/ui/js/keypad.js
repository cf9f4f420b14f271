// Big keys that write into the field above them.
class Keypad extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector('input');
    this.addEventListener('click', (event) => {
      const key = event.target.closest('button');
      if (!key) return;
      const { value } = this.input;
      if ('key' in key.dataset) this.write(value + key.dataset.key);
      else if ('back' in key.dataset) this.write(value.slice(0, -1));
      else if ('clear' in key.dataset) this.write('');
    });
  }

  write(value) {
    if (this.input.maxLength > 0 && value.length > this.input.maxLength) return;
    this.input.value = value;
    this.input.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

customElements.define('lp-keypad', Keypad);
