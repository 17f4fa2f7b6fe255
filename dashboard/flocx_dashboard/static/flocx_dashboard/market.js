// SPDX-License-Identifier: Apache-2.0
//
// The live quote: while somebody fills in a bid, the page asks what it would get. And
// cells are told what they are, so that rows can be cards on a narrow page.
// Everything else works without a script of ours.
(function () {
  'use strict';

  var PAUSE = 500; // Milliseconds without a key before it is asked.
  var timers = new WeakMap();
  var asked = new WeakMap();

  function cookie(name) {
    var found = document.cookie.match('(?:^|; )' + name + '=([^;]*)');
    return found ? decodeURIComponent(found[1]) : '';
  }

  function ask(form, place) {
    var number = (asked.get(form) || 0) + 1;
    asked.set(form, number);
    place.setAttribute('aria-busy', 'true');
    fetch(place.getAttribute('data-flocx-quote'), {
      method: 'POST',
      body: new FormData(form),
      credentials: 'same-origin',
      headers: {
        'X-CSRFToken': cookie('csrftoken'),
        'X-Requested-With': 'XMLHttpRequest'
      }
    }).then(function (answer) {
      // A login page is no quote.
      return answer.ok && !answer.redirected ? answer.text() : null;
    }).then(function (text) {
      // An answer to what has been typed over is not shown.
      if (asked.get(form) === number) {
        place.removeAttribute('aria-busy');
        if (text !== null) {
          place.innerHTML = text;
        }
      }
    }, function () {
      place.removeAttribute('aria-busy');
    });
  }

  function changed(event) {
    var form = event.target.closest && event.target.closest('form');
    var place = form && form.querySelector('[data-flocx-quote]');
    if (!place) {
      return;
    }
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(ask, PAUSE, form, place));
  }

  function label(table) {
    var heads = Array.from(table.querySelectorAll('thead th'));
    if (table.classList.contains('datatable')) {
      return;
    }
    table.querySelectorAll('tbody tr').forEach(function (row) {
      Array.from(row.cells).forEach(function (cell, number) {
        if (heads.length === row.cells.length) {
          cell.setAttribute('data-label', heads[number].textContent.trim());
        }
      });
    });
  }

  // Horizon's question whether one is sure leaves the focus on the page behind it, from
  // where who has keys only would go through all that follows there.
  function answer() {
    var modal = this;
    if (!modal.contains(document.activeElement)) {
      var first = modal.querySelector('.modal-footer .btn');
      if (first) {
        first.focus();
      }
    }
  }

  document.addEventListener('DOMContentLoaded', function () {
    if (window.jQuery) {
      window.jQuery(document).on('shown.bs.modal', '.modal', answer);
    }
    document.querySelectorAll('#content_body table.table').forEach(label);
    // What is wider than a narrow page is moved by the arrow keys, too.
    document.querySelectorAll('.flocx-figure').forEach(function (figure) {
      if (figure.scrollWidth > figure.clientWidth) {
        figure.setAttribute('tabindex', '0');
      }
    });
  });
  document.addEventListener('input', changed);
  document.addEventListener('change', changed);
}());
