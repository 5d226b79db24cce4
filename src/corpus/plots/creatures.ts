import { either, maybe, type Plot, SKY } from '../plot.js'

export const rescue: Plot = {
  name: 'rescue',
  traits: 'kind|gentle|caring|brave|helpful|good',
  cast: { animal: 'wild', helper: 'parent|grand|neighbor|friend' },
  place: 'out walk|out home trees|out trees',
  rows: {
    hurt: [
      'had a hurt leg / put a soft bandage around the leg / a hurt leg',
      'was caught in an old net / cut the net with scissors / an old net',
      'was stuck in a hole / dug with both hands until the hole was wide enough / a hole',
      'had fallen into a bucket / turned the bucket on its side / a bucket',
      'was cold and wet / dried it with a warm towel / the cold',
      'was caught under a branch / lifted the branch with a stick / a branch',
      'had a thorn in its foot / pulled out the thorn very carefully / a thorn',
      'had lost its way in the night / put it into a box with soft hay / the dark night',
      'was weak and hungry / brought it water and something to eat / hunger',
      'was caught in a thorn bush / bent the thorns to the side, one after the other / a thorn bush',
      'was stuck between two stones / pushed one of the stones away / two stones',
    ],
  },
  want: 'hurt',
  beats: [
    `- [Day], [hero] heard a soft sound [place.in]. [Hero.He] looked [place.spot]. There was [animal], and it
       [hurt].
     - [Day], [hero] was walking [place.in] when [hero.he] found [animal]. It [hurt].
     - [Day], [hero] saw [animal] [place.spot]. "Why does it not run away?" [hero.he] asked. Then [hero.he]
       saw that it [hurt].
     - [Day], something moved [place.spot]. It was [animal]! It [hurt].
     - [Day], [hero] came [place.to]. "Help!" a small voice seemed to say. It was [animal]. It [hurt].`,
    SKY,
    `- "You poor little thing," whispered [hero]. "Do not be afraid. I will help you."
     - [Animal] looked at [hero] with big eyes. It was $scared.
     - [Hero] knelt down and spoke $softly. [Animal] was shaking.
     - [Hero] felt so sorry for [animal]. What could [hero.he] do?
     - At first, [hero] did not know what to do. [Animal] was so small.`,
    either(
      [
        `- [Hero] ran to get [helper]. "Please come quickly!" [hero.he] called. [Helper] came at once.
         - "I need help," thought [hero]. [Hero.He] went to find [helper].
         - [Helper] knew what to do. "You must be very gentle," said [helper].`,
        `- Together they [hurt.b].
         - [Hero] held [animal] still, and together they [hurt.b].
         - "Slowly, slowly," said [helper], and they [hurt.b].`,
      ],
      [
        `- [Hero] thought $hard and then had $idea.
         - There was nobody near. [Hero] had to do it alone.
         - [Hero] took a deep breath. "I can do this," [hero.he] said.`,
        `- [Hero.He] [hurt.b].
         - Very gently, [hero] [hurt.b].
         - With great care, [hero.he] [hurt.b].`,
      ],
    ),
    `- [Animal] became calm. It felt that [hero] was a friend.
     - At last [animal] looked much better.
     - "There, now it is better," said [hero].
     - [Animal] made a little sound, as if it wanted to say thank you.
     - It took a while, but then [animal] was out of danger.`,
    maybe(
      0.6,
      `- For some days, [hero] looked after it and brought it food.
     - [Hero] gave it some water and sat with it until it was strong.
     - [Hero] wanted to keep it. But [helper] said, "It belongs outside, where its family is."
     - At night, [hero] got up to see if it was well.`,
    ),
    `- Then it was time to say goodbye. [Animal] turned around once more and was gone.
     - Soon [animal] was well again and went back to its home.
     - And off it went! "Goodbye!" called [hero]. "Take care!"
     - [Animal] touched [hero.his] hand with its nose, and then it went away.
     - When it was strong again, [hero] let it go.`,
    maybe(
      0.5,
      `- The next morning, there was a {nut|berry|flower|feather} at the door. [Hero] knew who had brought it.
     - Sometimes it came back to visit [hero].
     - [Hero] was a little sad, but also very glad.
     - A few weeks later, [hero] saw it again. It was not alone: it had a family now.`,
    ),
  ],
  moral:
    'one should help those who are small and weak|animals need our help sometimes|kindness makes friends everywhere|wild animals want to be free',
  feelings: 'proud|happy|glad|good',
  questions: `
    Who did [hero.full] find? = [Hero.full] found [animal.full].
    What was wrong with [animal.full]? = [Animal.full] [hurt].`,
}

export const pet: Plot = {
  name: 'pet',
  hero: 'child',
  traits: 'lonely|kind|gentle|quiet|lively|good',
  cast: { parent: 'parent' },
  place: 'town walk out|out home trees|out home play',
  rows: {
    pet: [
      'a kitten / a bowl of milk / purred / It climbed up the curtain and could not come down / played with a ball of wool',
      'a puppy / some meat / wagged its tail / It chewed on a shoe until nothing was left / ran after every ball',
      'a rabbit / a carrot / moved its nose / It ate all the flowers on the balcony / hopped from room to room',
      'a hamster / some seeds / sat on its back legs / It got out of its cage and hid behind the stove / ran in its wheel all night',
      'a parrot / some fruit / turned its head / It said "Good morning" in the middle of the night / learned a new word every day',
      'a turtle / a leaf of lettuce / stretched its neck / It walked so slowly that nobody saw where it went / loved to lie in the sun',
      'a little dog / a bone / barked softly / It jumped into the bathtub and splashed water everywhere / did funny tricks',
      'an old cat / some fish / closed its eyes / It slept on the clean shirts all day / sat in the window and watched the birds',
      'a duckling / some bread / peeped / It followed everyone, even into the kitchen / swam in a big bowl',
      'a pony / an apple / shook its head / It opened the gate and walked into the street / trotted around the field',
      'a guinea pig / a piece of cucumber / squeaked / It hid in the bed and would not come out / loved to be brushed',
    ],
    care: [
      'feed it and clean up after it',
      'get up early every morning',
      'think of it every day',
      'look after it when it is ill',
      'be gentle and patient',
    ],
  },
  lets: {
    name: 'Fluffy|Spot|Snowball|Cocoa|Star|Button|Pepper|Cloud|Sunny|Peanut|Mo|Socks|Pudding|Lucky|Dot',
  },
  want: 'pet',
  beats: [
    `- [Hero] had only one wish: [hero.he] wanted a pet. But [parent] always said, "A pet is a lot of work."
     - "Please, may I have a pet?" asked [hero] every day. "We will see," said [parent] every day.
     - [Hero] wanted a pet so much. "You must [care]," said [parent]. "I can do that!" said [hero].
     - More than anything in the world, [hero] wanted a pet.`,
    `- [Day], [hero] was [place.in] with [parent]. There [hero.he] saw [pet]. It was all alone.
     - [Day], [hero] heard a little noise [place.in]. [Place.Spot] sat [pet].
     - [Day], [pet] came up to [hero] [place.in]. It had no home.
     - [Day], [hero] found [pet] [place.in]. It was thin and looked $sad.`,
    `- [Hero] gave it [pet.b]. It ate everything and then it [pet.c].
     - [Hero] sat down and held out [hero.his] hand. It came closer, step by step, and [pet.c].
     - "Are you hungry?" asked [hero] and got [pet.b]. When it had eaten, it [pet.c].
     - It looked at [hero] and [pet.c]. It was love at first sight.`,
    `- "Can we keep it?" asked [hero]. [Parent] thought for a long time. "First we must find out if it belongs
       to somebody," said [parent].
     - They asked everyone on the street, but nobody knew it. "Then it can stay with us," said [parent].
     - "Please, please!" said [hero]. "You must [care]," said [parent]. "I promise," said [hero].
     - [Parent] saw how happy [hero] was. "All right," said [parent]. "But you must [care]."`,
    `- [Hero] called it [name]. It got a warm place to sleep near the bed.
     - "Your name is [name]," said [hero]. And [name] seemed to like that.
     - It needed a name, of course. After a lot of thinking, [hero] called it [name].
     - They took it home, and [hero] named it [name].`,
    `- It was not always easy. [Pet.d]. But [hero] was not angry for long.
     - In the first week, there was trouble. [Pet.d]. [Hero] cleaned everything up.
     - Soon there was some trouble with [name]. [Pet.d]. "You said it would be a lot of work," [hero] told
       [parent] and sighed.
     - [Name] was not always good. [Pet.d]. Everyone had to laugh.`,
    `- [Hero] fed [name] every day, even when [hero.he] was tired.
     - [Hero] kept [hero.his] promise and took good care of [name].
     - When it rained, [hero] went out all the same, because [name] needed it.
     - Every morning [hero] got up early to look after [name].`,
    `- [Name] [pet.e], and [hero] was never lonely again.
     - They became the best of friends. [Name] [pet.e], and [hero] watched.
     - Now [name] [pet.e]. "You are my best friend," said [hero].
     - [Parent] smiled when [name] [pet.e]. "It was good that we kept it," said [parent].`,
  ],
  moral:
    'a pet needs love and care|a promise must be kept|it is a lot of work to care for somebody, but it is worth it|love makes a home',
  feelings: 'happy|proud|never alone|thankful',
  questions: `
    What did [hero.full] want? = [Hero.full] wanted a pet.
    What was the name of the pet? = The name of the pet was [name].
    Which animal did [hero.full] get? = [Hero.full] got [pet].`,
}

export const different: Plot = {
  name: 'unlike-the-others',
  hero: 'animal',
  isFurry: true,
  traits: 'small|shy|gentle|quiet|kind',
  cast: { friend: 'friend', wise: 'old|grand' },
  wildPlace: 'out wild walk',
  rows: {
    odd: [
      'had one ear that hung down / hear even the softest sounds with it / heard the river rise in the night / ear',
      'was smaller than all the others / fit into the smallest hole / crept through a narrow hole and opened the gate / size',
      'had very long legs / see over the tall grass / saw the fire far away / legs',
      'had a very big nose / smell things far away / smelled the smoke before anyone else / nose',
      'had a loud voice / be heard across the whole valley / called so loudly that everyone woke up / voice',
      'was slower than all the others / see what the others ran past / found the path that everyone had missed / pace',
      'had bright spots all over / be seen from far away / led them through the fog / spots',
      'had a very long tail / reach things that were far away / pulled a friend out of the water / tail',
      'had thick, curly fur / keep warm in the coldest night / kept the little ones warm in the snow / fur',
      'could not sleep at night / watch while the others slept / saw the flood coming and woke everyone up / wakeful nights',
    ],
  },
  want: 'odd',
  beats: [
    `- But [hero] [odd]. The others laughed about it.
     - [Hero] was not like the others: [hero.he] [odd].
     - There was one thing that made [hero] sad. [Hero.He] [odd].
     - [Hero] [odd]. "How funny you look!" the others said.`,
    `- When they played [place.in], nobody wanted to play with [hero].
     - "You cannot play with us," they said [place.in]. So [hero] sat alone.
     - Every day the others met [place.in] to play. [Hero] only watched from behind a bush.
     - [Hero] wished to be like everyone else. [Hero.He] often hid [place.in] and cried.`,
    `- Only [friend] was always kind. "I like you as you are," said [friend].
     - [Friend] sat down next to [hero]. "Don't listen to them," said [friend].
     - "Why am I not like the others?" [hero] asked [wise]. "Because the world needs all kinds," said [wise].
     - [Wise] said to [hero], "One day you will see what it is good for."`,
    `- Then, one night, there was great danger. Everyone was $scared and nobody knew what to do.
     - One evening, something terrible happened. Everybody ran around and cried for help.
     - But one day, all the animals were in danger.
     - Then came a night that nobody would forget. All were in trouble.`,
    `- It was good that [hero] could [odd.b]. [Hero.He] [odd.c]. So everyone was saved.
     - And now it helped that [hero] [odd]. [Hero.He] [odd.c], and all of them were safe.
     - "I can help!" said [hero]. [Hero.He] [odd.c]. Nobody else could have done it.
     - [Hero] did not think of [hero.himself]. [Hero.He] [odd.c] and saved them all.`,
    `- "We are sorry that we laughed at you," said the others. "Please be our friend."
     - All the animals cheered. Nobody laughed about [hero] anymore.
     - "You are a hero!" they all said. [Hero] turned red.
     - The others looked at the ground. "We were wrong," they said.`,
    `- "I always knew it," said [friend] and $smiled.
     - From then on, [hero] played with all of them [place.in].
     - Now [hero] was proud of being different.
     - [Hero] forgave them, and they had a big party.`,
  ],
  moral:
    'it is good to be different|everyone has something special|one should not laugh at others|what makes one different can be a gift',
  feelings: 'proud|happy|strong|at home',
  questions: `
    Who was kind to [hero.full]? = [Friend.full] was kind to [hero.full].
    What was different about [hero.full]? = [Hero.full] [odd].
    How did [hero.full] help the others? = [Hero.full] [odd.c].`,
}
