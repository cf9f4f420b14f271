// The side bar on a phone: a drawer behind a menu button.
const side = document.getElementById('side');
const button = document.querySelector('[data-menu-button]');

function show(open) {
  side.classList.toggle('side--open', open);
  button.setAttribute('aria-expanded', String(open));
  if (open) side.querySelector('a')?.focus();
  else button.focus();
}

if (side && button) {
  button.addEventListener('click', (event) => {
    event.preventDefault();
    show(!side.classList.contains('side--open'));
  });
  button.addEventListener('keydown', (event) => {
    if (event.key !== ' ') return;
    event.preventDefault();
    button.click();
  });
  document.querySelector('[data-menu-close]')?.addEventListener('click', (event) => {
    event.preventDefault();
    show(false);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && side.classList.contains('side--open')) show(false);
  });
}
