// SPDX-License-Identifier: Apache-2.0
//
// Beside each field for a time, a button opens the calendar of the browser. What is
// chosen there is written as it would be typed, which one may always do instead.
(function () {
  'use strict';

  function typed(value) {
    return value.replace('T', ' ');
  }

  function picker(field) {
    var native = document.createElement('input');
    native.type = 'datetime-local';
    native.className = 'flocx-picker-native';
    native.tabIndex = -1;
    native.setAttribute('aria-hidden', 'true');
    native.addEventListener('input', function () {
      if (native.value) {
        field.value = typed(native.value);
        field.dispatchEvent(new Event('input', {bubbles: true}));
      }
    });
    return native;
  }

  function equip(field) {
    if (field.hasAttribute('data-flocx-equipped') || !HTMLInputElement.prototype.showPicker) {
      return;
    }
    field.setAttribute('data-flocx-equipped', '');
    var native = picker(field);
    var button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn btn-default flocx-picker';
    button.setAttribute('aria-label', field.getAttribute('data-flocx-moment'));
    button.title = field.getAttribute('data-flocx-moment');
    var icon = document.createElement('span');
    icon.className = 'fa fa-calendar';
    icon.setAttribute('aria-hidden', 'true');
    button.append(icon);
    button.addEventListener('click', function () {
      var shown = field.value.trim().replace(' ', 'T');
      native.value = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(shown) ? shown : '';
      native.showPicker();
    });
    var place = document.createElement('span');
    place.className = 'flocx-moment';
    field.replaceWith(place);
    place.append(field, button, native);
  }

  function equipAll() {
    document.querySelectorAll('[data-flocx-moment]').forEach(equip);
  }

  document.addEventListener('DOMContentLoaded', function () {
    equipAll();
    // Forms in front of a page come later.
    new MutationObserver(equipAll).observe(document.body, {childList: true, subtree: true});
  });
}());
