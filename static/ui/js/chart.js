// Crosshair and read-out over a chart drawn by the server. The words come from the
// chart's own table, so that everyone reads the same figures.
class Chart extends HTMLElement {
  connectedCallback() {
    const rows = [...this.querySelectorAll('tbody tr')];
    this.points = rows.map((row) => ({
      x: Number(row.dataset.x),
      y: Number(row.dataset.y),
      words: [...row.children].map((cell) => cell.textContent),
    }));
    this.names = [...this.querySelectorAll('thead th')].map((cell) => cell.textContent);
    this.plot = this.querySelector('.chart__p');
    this.tip = this.querySelector('.chart__tip');
    this.said = this.querySelector('[data-said]');
    this.cross = this.querySelector('[data-cross]');
    this.columns = [...this.querySelectorAll('.col')];
    this.plot.addEventListener('pointermove', (event) => this.follow(event));
    this.plot.addEventListener('pointerleave', () => this.rest());
    this.addEventListener('keydown', (event) => this.step(event));
    this.addEventListener('blur', () => this.rest());
  }

  follow(event) {
    const box = this.plot.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 1000;
    let nearest = 0;
    this.points.forEach((point, index) => {
      if (Math.abs(point.x - x) < Math.abs(this.points[nearest].x - x)) nearest = index;
    });
    this.show(nearest);
  }

  step(event) {
    const last = this.points.length - 1;
    const at = this.at ?? last + (event.key === 'ArrowLeft' ? 1 : 0);
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (event.key === 'Escape') this.rest();
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.show(Math.max(0, Math.min(last, moves[event.key])));
    this.said.textContent = this.points[this.at].words.join(', ');
  }

  show(index) {
    this.at = index;
    const { x, y, words } = this.points[index];
    this.mark(x, y);
    this.cross?.setAttribute('d', `M${x} 0V100`);
    this.columns.forEach((column, each) => column.classList.toggle('col--lit', each === index));
    const title = document.createElement('div');
    title.className = 'b';
    title.textContent = words[0];
    const list = document.createElement('dl');
    words.slice(1).forEach((word, each) => {
      const name = document.createElement('dt');
      const value = document.createElement('dd');
      name.textContent = this.names[each + 1];
      value.textContent = word;
      list.append(name, value);
    });
    this.tip.replaceChildren(title, list);
    this.tip.hidden = false;
    const left = (x / 1000) * this.plot.clientWidth;
    const flips = left > this.plot.clientWidth - this.tip.offsetWidth - 24;
    const shift = flips ? left - this.tip.offsetWidth - 12 : left + 12;
    this.tip.style.transform = `translate(${Math.max(0, shift)}px, 8px)`;
  }

  mark(x, y) {
    this.querySelectorAll('[data-dot]').forEach((dot) => dot.setAttribute('d', `M${x} ${y}h0`));
  }

  rest() {
    this.at = undefined;
    this.tip.hidden = true;
    this.cross?.setAttribute('d', '');
    this.columns.forEach((column) => column.classList.remove('col--lit'));
    const last = this.points.at(-1);
    this.mark(last.x, last.y);
  }
}

customElements.define('lp-chart', Chart);
